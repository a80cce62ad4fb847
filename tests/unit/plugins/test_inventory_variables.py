# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variables the roles read, and with which values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from plugins.module_utils._inventory import Assignment, Inventory, Known, Option, listed
from plugins.module_utils._inventory_variables import problems
from plugins.plugin_utils._role_variables import known
from tests.unit.plugins.conftest import Change

KNOWN = Known(
    {
        option.name: option
        for option in (
            Option("aen_server_threads", "aen_server", "int"),
            Option("aen_server_settings", "aen_server", "dict"),
            Option("aen_server_url", "aen_server", required=True),
            Option("aen_environment", "aen_common", choices=("production", "development")),
            Option("aen_compute_gateway", "aen_compute", required=True),
        )
    },
    frozenset({"aen_compute_server_url"}),
)


def test_a_good_inventory_has_no_problem(good: Inventory) -> None:
    assert list(problems(good, KNOWN)) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "aen_server_thread",
            "Correct or remove aen_server_thread in group all: no role has this variable. Did you mean",
        ),
        ("aen_zzz", "Correct or remove aen_zzz in group all: no role has this variable."),
        ("aen_compute_server_url", "Remove aen_compute_server_url from group all: the playbooks set it themselves."),
        ("other_variable", ""),
        ("aen_server_threads", ""),
    ],
)
def test_an_unknown_variable_is_refused_where_it_stands(good: Inventory, name: str, said: str) -> None:
    found = list(problems(replace(good, assignments=(Assignment("group all", name),)), KNOWN))
    assert len(found) == (1 if said else 0)
    assert said in "".join(found)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("aen_server_threads", 8, ""),
        ("aen_server_threads", "8", ""),
        ("aen_server_threads", "many", "Set aen_server_threads in host server1 to a whole number: it is a text."),
        ("aen_server_threads", [8], "Set aen_server_threads in host server1 to a whole number: it is a list."),
        ("aen_server_settings", {}, ""),
        ("aen_server_settings", 3, "Set aen_server_settings in host server1 to a mapping: it is a whole number."),
        ("aen_server_url", ["http://a"], "Set aen_server_url in host server1 to a text, not to a list."),
        ("aen_server_url", None, "Set aen_server_url for the host server1: the role aen_server needs it."),
        ("aen_environment", "prod", "Set aen_environment in group all to production or development, not to 'prod'."),
    ],
)
def test_a_value_is_of_its_type(change: Change, name: str, value: object, said: str) -> None:
    found = list(problems(change("server1", None, **{name: value}), KNOWN))
    assert found == ([said] if said else [])


@pytest.mark.parametrize(
    ("value", "good"), [("off", True), (False, True), ("internal", True), (True, False), ("on", False)]
)
def test_a_bare_off_is_yamls_false(change: Change, value: object, *, good: bool) -> None:
    name = "aen_tls"
    found = [problem for problem in problems(change("server1", None, **{name: value}), known()) if name in problem]
    assert (found == []) is good


def test_a_template_that_fails_is_told_once(change: Change) -> None:
    inventory = change("server1", {"failures": {"aen_server_url": "'x' is undefined"}}, aen_server_url=None)
    assert list(problems(inventory, KNOWN)) == [
        "Correct aen_server_url in host server1, or define what it refers to for the host server1: 'x' is undefined."
    ]


def test_a_template_for_others_may_fail(change: Change) -> None:
    inventory = change("compute1", {"failures": {"aen_server_url": "'x' is undefined"}})
    assert list(problems(inventory, KNOWN)) == []


def test_an_address_that_fails_is_told(change: Change) -> None:
    inventory = change("compute1", {"failures": {"ansible_host": "'x' is undefined"}}, ansible_host=None)
    assert "Correct ansible_host in host compute1" in "".join(problems(inventory, KNOWN))


def test_the_winning_place_is_named(good: Inventory) -> None:
    places = [Assignment(place, "v") for place in ("group all", "group east", "host compute1", "the extra variables")]
    node = good.hosts[3]
    for number in (1, 2, 3, 4):
        assert replace(good, assignments=tuple(places[:number])).place(node, "v") == places[number - 1].place


def test_a_long_list_is_cut() -> None:
    assert listed([]) == "none"
    assert listed("a") == "a"
    assert listed("abc") == "a, b and c"
    assert listed("abcde") == "a, b, c, d and e"
    assert listed("abcdef") == "a, b, c, d and 2 more"


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True)
    path.write_text(text)


def test_known_variables_are_read_from_roles_and_playbooks(tmp_path: Path) -> None:
    write(
        tmp_path / "roles" / "aen_x" / "meta" / "argument_specs.yml",
        """
        argument_specs:
          main:
            options:
              aen_x_a: {type: int, required: true}
              aen_x_set: {type: str, required: true}
          other:
            options:
              aen_x_given: {type: str, required: true}
              aen_x_more: {type: list, default: []}
        """,
    )
    write(tmp_path / "playbooks" / "x.yml", "[{hosts: all, vars: {aen_x_set: 1, other: 2}}, {import_playbook: y.yml}]")
    write(tmp_path / "playbooks" / "vars" / "variables.yml", "aen_y: {type: bool}")
    found = known(tmp_path)
    assert found.internal == {"aen_x_set", "aen_x_given"}
    assert sorted(found.options) == ["aen_x_a", "aen_x_more", "aen_y"]
    assert found.options["aen_x_a"] == Option("aen_x_a", "aen_x", "int", (), required=True)


def test_the_roles_own_variables_are_known() -> None:
    found = known()
    assert {"aen_compute_gateway", "aen_gateway_url", "aen_mongodb_uri", "aen_service_account"} <= set(found.options)
    assert {"aen_compute_server_url", "aen_common_tier"} <= found.internal
    assert found.options["aen_environment"].choices == ("production", "development")
