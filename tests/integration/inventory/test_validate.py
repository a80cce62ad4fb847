# SPDX-License-Identifier: GPL-3.0-or-later
"""A wrong inventory stops `site.yml` before any host is touched, and says what to change; the ones we ship are good."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.inventory.runs import ROOT, Run, good, play

Spoil = Callable[[dict[str, Any]], None]


def no_gateway(groups: dict[str, Any]) -> None:
    groups["aen_gateway"]["hosts"] = {}


def two_servers(groups: dict[str, Any]) -> None:
    groups["aen_server"]["hosts"]["server2"] = {"ansible_host": "192.0.2.9", "aen_server_url": "http://192.0.2.9"}


def two_groups(groups: dict[str, Any]) -> None:
    groups["aen_compute"]["children"]["west"]["hosts"]["compute1"] = None


def listed_twice(groups: dict[str, Any]) -> None:
    for group, gateway in (("one", "gateway1"), ("other", "gateway2")):
        node = {"ansible_host": "192.0.2.9", "aen_compute_gateway": gateway}
        groups["aen_compute"]["children"][group] = {"hosts": {"compute3": node}}


def list_of_gateways(groups: dict[str, Any]) -> None:
    groups["aen_compute"]["children"]["east"]["vars"]["aen_compute_gateway"] = ["gateway1", "gateway2"]


def unknown_gateway(groups: dict[str, Any]) -> None:
    groups["aen_compute"]["children"]["east"]["vars"]["aen_compute_gateway"] = "gatewy1"


def misspelt(groups: dict[str, Any]) -> None:
    groups["aen_compute"]["vars"] = {"aen_compute_proxy_worker": 4}


def no_secret(groups: dict[str, Any]) -> None:
    groups["aen_server"]["hosts"]["server1"]["aen_mongodb_provider"] = "remote"


def empty_vault_variable(groups: dict[str, Any]) -> None:
    groups["aen_server"]["vars"] = {"aen_mongodb_provider": "remote", "aen_mongodb_uri": "{{ vault_aen_mongodb_uri }}"}


def installer_without_hash(groups: dict[str, Any]) -> None:
    groups["aen_compute"]["vars"] = {"aen_conda_method": "installer", "aen_conda_installer": "https://example.org/x.sh"}


def production(groups: dict[str, Any]) -> None:
    for tier in ("aen_server", "aen_gateway", "aen_compute"):
        groups[tier].setdefault("vars", {})["aen_environment"] = "production"


def same_address(groups: dict[str, Any]) -> None:
    groups["aen_gateway"]["hosts"]["gateway2"]["ansible_host"] = "192.0.2.2"


def undefined_address(groups: dict[str, Any]) -> None:
    groups["aen_compute"]["children"]["east"]["hosts"]["compute1"] = {
        "ansible_host": "{{ rack }}.5",
        "ansible_user": "{{ x }}",
    }


def other_accounts(groups: dict[str, Any]) -> None:
    groups["aen_compute"]["vars"] = {"aen_service_account": "root"}


WRONG: list[tuple[Spoil, str]] = [
    (no_gateway, "Put at least one host into the group aen_gateway, which has none."),
    (two_servers, "Keep exactly one host in the group aen_server, not server1 and server2"),
    (two_groups, "Take the compute node compute1 out of all groups but one of east (gateway1) and west (gateway2)"),
    (listed_twice, "List the compute node compute3 once, not with the gateways gateway1 and gateway2"),
    (list_of_gateways, "Set aen_compute_gateway in group east to one name, not to several"),
    (unknown_gateway, "gatewy1 is none. Did you mean gateway1?"),
    (
        misspelt,
        "aen_compute_proxy_worker in group aen_compute: no role has this variable. Did you mean aen_compute_proxy_",
    ),
    (no_secret, "Set aen_mongodb_uri for the host server1 to the connection string of your MongoDB"),
    (empty_vault_variable, "Correct aen_mongodb_uri in group aen_server, or define what it refers to"),
    (installer_without_hash, "Set aen_conda_installer_sha256 for the hosts compute1 and compute2"),
    (production, "Set aen_mongodb_provider in group all to official or remote, or aen_environment to development"),
    (same_address, "Give the hosts gateway1 and gateway2 a different ansible_host each, not all 192.0.2.2"),
    (undefined_address, "Correct ansible_host in host compute1, or define what it refers to"),
    (other_accounts, "Set aen_service_account in group aen_compute to an account of its own"),
]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Spoil, Future[Run]]]:
    """Every wrong inventory's run. They wait for one another's input and output, so some go at once."""

    def start(spoil: Spoil) -> Run:
        inventory = good()
        spoil(inventory["all"]["children"])
        folder = base / spoil.__name__
        folder.mkdir()
        return play(folder, "site.yml", inventory)

    base = tmp_path_factory.mktemp("wrong")
    with ThreadPoolExecutor(max_workers=4) as executor:
        yield {spoil: executor.submit(start, spoil) for spoil, _ in WRONG}


@pytest.mark.parametrize(("spoil", "message"), WRONG, ids=[spoil.__name__ for spoil, _ in WRONG])
def test_a_wrong_inventory_stops_before_any_host_is_touched(
    runs: dict[Spoil, Future[Run]], spoil: Spoil, message: str
) -> None:
    run = runs[spoil].result()
    assert message in run.output
    assert "No host was touched" in run.output
    assert "Traceback" not in run.output
    assert run.status != 0
    assert run.connections == ()


def test_a_good_inventory_goes_on_to_the_hosts(tmp_path: Path) -> None:
    """The counterpart of the tests above: connections are seen where there are any."""
    run = play(tmp_path, "site.yml", good())
    assert run.status != 0
    assert any("192.0.2.1" in call for call in run.connections)


def test_the_whole_inventory_is_checked_when_the_run_is_limited(tmp_path: Path) -> None:
    inventory = good()
    misspelt(inventory["all"]["children"])
    run = play(tmp_path, "site.yml", inventory, "--limit", "server1", "--tags", "server")
    assert "aen_compute_proxy_worker" in run.output
    assert run.status != 0
    assert run.connections == ()


def test_an_empty_inventory_is_refused(tmp_path: Path) -> None:
    run = play(tmp_path, "site.yml", {"all": {}})
    assert "Put exactly one host into the group aen_server, which has none." in run.output
    assert run.status != 0


def test_a_missing_wheelhouse_is_said_before_the_hosts_are_touched(tmp_path: Path) -> None:
    run = play(tmp_path, "site.yml", good(), "-e", f"aen_common_wheelhouse={tmp_path}")
    assert "Run `make wheelhouse`" in run.output
    assert run.status != 0
    assert run.connections == ()


def test_variables_of_the_command_line_are_checked(tmp_path: Path) -> None:
    run = play(tmp_path, "site.yml", good(), "-e", "aen_server_procesess=2")
    assert (
        "aen_server_procesess in the extra variables: no role has this variable. Did you mean aen_server_p"
        in run.output
    )
    assert run.connections == ()


@pytest.mark.parametrize("name", ["example", "local"])
def test_the_inventories_of_the_collection_are_good(name: str, tmp_path: Path) -> None:
    run = play(tmp_path, "playbooks/validate.yml", ROOT / "inventories" / name)
    assert run.status == 0, run.output
    assert run.connections == ()


def test_three_tiers_on_one_host_are_an_ordinary_inventory(tmp_path: Path) -> None:
    host = {"ansible_host": "192.0.2.1", "aen_server_url": "http://192.0.2.1", "aen_gateway_data_center": "all"}
    inventory = good()
    inventory["all"]["children"] = {
        "aen_server": {"hosts": {"aen1": host}},
        "aen_gateway": {"hosts": {"aen1": {"aen_gateway_url": "http://192.0.2.1:8089"}}},
        "aen_compute": {"hosts": {"aen1": {"aen_compute_gateway": "aen1"}}},
    }
    run = play(tmp_path, "playbooks/validate.yml", inventory)
    assert run.status == 0, run.output


def test_an_unknown_system_is_refused_by_its_name(tmp_path: Path) -> None:
    facts = {"distribution": "Fedora", "distribution_major_version": "41", "os_family": "RedHat", "cacheable": True}
    tasks = [{"ansible.builtin.set_fact": facts}, {"ansible.builtin.import_role": {"name": "wakari.aen.aen_common"}}]
    (tmp_path / "play.yml").write_text(yaml.safe_dump([{"hosts": "all", "gather_facts": False, "tasks": tasks}]))
    hosts = {"odd1": {"ansible_connection": "local"}}
    run = play(tmp_path, str(tmp_path / "play.yml"), {"all": {"hosts": hosts}})
    assert run.status != 0
    assert "odd1 runs Fedora 41. Use one of Debian 12, Debian 13," in run.output
    assert "Make the service account" not in run.output
