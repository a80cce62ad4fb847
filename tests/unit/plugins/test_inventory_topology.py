# SPDX-License-Identifier: GPL-3.0-or-later
"""Which sets of hosts are a platform."""

from __future__ import annotations

from dataclasses import replace

import pytest

from plugins.module_utils._inventory import Host, Inventory
from plugins.module_utils._inventory_topology import problems
from tests.unit.plugins.conftest import Change, gateway


def test_a_good_inventory_has_no_problem(good: Inventory) -> None:
    assert list(problems(good)) == []


def without(inventory: Inventory, *names: str) -> Inventory:
    return replace(inventory, hosts=tuple(host for host in inventory.hosts if host.name not in names))


def test_there_is_a_server(good: Inventory) -> None:
    assert list(problems(without(good, "server1"))) == [
        "Put exactly one host into the group aen_server, which has none."
    ]


def test_there_is_one_server(good: Inventory) -> None:
    other = replace(good.hosts[0], name="server2", values={})
    found = list(problems(replace(good, hosts=(*good.hosts, other))))
    assert found == [
        "Keep exactly one host in the group aen_server, not server1 and server2: a platform has one server node."
    ]


def test_a_misspelt_group_is_proposed(good: Inventory) -> None:
    misspelt = replace(without(good, "server1"), groups={**good.groups, "aen_servers": frozenset({"all"})})
    assert "is its name misspelt in the group aen_servers?" in "".join(problems(misspelt))


def test_there_is_a_gateway_and_nodes_name_it(good: Inventory) -> None:
    found = list(problems(without(good, "gateway1", "gateway2")))
    assert found[0] == "Put at least one host into the group aen_gateway, which has none."
    assert "for the hosts compute1 and compute2: gateway1 is none." in found[1]


def test_a_gateway_without_nodes_is_no_problem(good: Inventory) -> None:
    assert list(problems(replace(good, hosts=(*good.hosts, gateway(3))))) == []


def test_the_nearest_gateway_is_proposed(change: Change) -> None:
    (problem,) = problems(change("compute1", aen_compute_gateway="gatway2"))
    assert problem == (
        "Set aen_compute_gateway in group east to a host of the group aen_gateway, for the host compute1: "
        "gatway2 is none. Did you mean gateway2?"
    )


def test_a_number_is_no_gateway(change: Change) -> None:
    (problem,) = problems(change("compute1", aen_compute_gateway=1))
    assert "1 is none." in problem


@pytest.mark.parametrize("value", [["gateway1"], {"gateway1": None}])
def test_a_node_names_one_gateway(change: Change, value: object) -> None:
    found = list(problems(change("compute1", aen_compute_gateway=value)))
    assert found == [
        "Set aen_compute_gateway in group east to one name, not to several: a compute node belongs to one data center."
    ]


@pytest.mark.parametrize("value", [None, "", " ", []])
def test_a_node_names_a_gateway(change: Change, value: object) -> None:
    assert any(
        problem.startswith("Set aen_compute_gateway for the host compute1 to the name of the gateway, one of gateway1")
        for problem in problems(change("compute1", aen_compute_gateway=value))
    )


def test_a_template_that_fails_is_not_called_missing_too(change: Change) -> None:
    failing = change("compute1", {"failures": {"aen_compute_gateway": "'x' is undefined"}}, aen_compute_gateway=None)
    assert list(problems(failing)) == []


def in_groups(change: Change, gateways: dict[str, str]) -> list[str]:
    return list(problems(change("compute1", {"gateways": gateways})))


def test_two_groups_with_two_gateways_are_two_data_centers(change: Change) -> None:
    (problem,) = in_groups(change, {"east": "gateway1", "west": "gateway2"})
    assert problem == (
        "Take the compute node compute1 out of all groups but one of east (gateway1) and west (gateway2): "
        "a compute node belongs to one data center."
    )


def test_two_groups_may_agree(change: Change) -> None:
    assert in_groups(change, {"east": "gateway1", "west": "gateway1"}) == []


def test_a_group_inside_another_refines_it(change: Change) -> None:
    assert in_groups(change, {"aen_compute": "gateway2", "east": "gateway1"}) == []


def test_a_node_listed_with_two_gateways_is_refused(good: Inventory) -> None:
    listed = replace(good, listed_gateways={"compute1": ("gateway1", "gateway2")})
    assert "List the compute node compute1 once, not with the gateways gateway1 and gateway2" in "".join(
        problems(listed)
    )


@pytest.mark.parametrize("name", ["-a", "a b", "a" * 64, "é", "a/b", "a\nb"])
def test_a_data_center_has_a_name_that_the_platform_accepts(change: Change, name: str) -> None:
    (problem,) = problems(change("gateway1", aen_gateway_data_center=name))
    assert problem.startswith("Change aen_gateway_data_center of the host gateway1")


def test_a_node_name_is_changed_where_it_comes_from(change: Change) -> None:
    bad = Host("c!", ("aen_compute", "all"), {"aen_compute_gateway": "gateway1", "aen_compute_name": "c!"})
    whole = change("compute1", aen_compute_name="b!")
    found = list(problems(replace(whole, hosts=(*whole.hosts, bad))))
    assert [problem.split(":")[0] for problem in found] == [
        "Change aen_compute_name of the host compute1",
        "Rename the host c!",
    ]


@pytest.mark.parametrize(
    ("host", "values", "said"),
    [
        ("gateway2", {"ansible_host": "192.0.2.11"}, "the hosts gateway1 and gateway2 a different ansible_host each"),
        ("gateway2", {"ansible_host": "COMPUTE1"}, ""),
        ("gateway2", {"ansible_host": "192.0.2.11", "ansible_port": 2222}, ""),
        ("gateway2", {"aen_gateway_data_center": "dc1"}, "a different aen_gateway_data_center each, not all dc1"),
        ("compute2", {"aen_compute_name": "compute1"}, "a different aen_compute_name each, not all compute1"),
        ("gateway2", {"aen_gateway_url": "http://Gateway1.example.org:8089"}, "at gateway1.example.org:8089 only one"),
        (
            "gateway2",
            {"aen_gateway_url": "http://aen.example.org:80"},
            "aen_server_url of server1 and aen_gateway_url of",
        ),
        ("gateway2", {"aen_gateway_url": "https://aen.example.org"}, ""),
        ("compute2", {"aen_compute_url": "http://192.0.2.21:5002"}, "at 192.0.2.21:5002 only one of them can answer"),
    ],
)
def test_no_name_or_address_stands_twice(change: Change, host: str, values: dict[str, object], said: str) -> None:
    found = list(problems(change(host, None, **values)))
    assert len(found) == (1 if said else 0), found
    assert said in "".join(found)


def test_a_name_without_ansible_host_is_an_address(change: Change) -> None:
    twice = change("gateway2", ansible_host="compute1")
    unaddressed = [
        replace(host, values={**host.values, "ansible_host": ""}) if host.name == "compute1" else host
        for host in twice.hosts
    ]
    assert "not all compute1" in "".join(problems(replace(twice, hosts=tuple(unaddressed))))


@pytest.mark.parametrize(
    "url",
    ["aen.example.org", "ftp://a", "http://", "http://a/", "http://a/b", "http://u:p@a", "http://a:port", "http://a b"],
)
def test_an_address_is_a_base_url(change: Change, url: str) -> None:
    found = list(problems(change("server1", aen_server_url=url)))
    assert len(found) == 1
    assert "Set aen_server_url in host server1, for the host server1, to http:// or https://" in found[0]
