# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module on a running platform, by real playbooks: check and diff, apply, again, change, absent, absent again."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.functional.modules.playbook import Ansible, Task, step
from tests.functional.platform import Account, Site

STEPS = [
    # name, which arguments, in check mode, changed
    ("check", "first", True, True),
    ("apply", "first", False, True),
    ("again", "first", False, False),
    ("again, check", "first", True, False),
    ("change, check", "change", True, True),
    ("change", "change", False, True),
    ("change again", "change", False, False),
    ("absent, check", "gone", True, True),
    ("absent", "gone", False, True),
    ("absent again", "gone", False, False),
]


def table(module: str, first: dict[str, Any], change: dict[str, Any], gone: dict[str, Any] | None) -> list[Task]:
    arguments = {"first": first, "change": change, "gone": gone}
    return [
        step(f"{module}: {name}", module, arguments[which] or {}, check=check)
        for name, which, check, _ in STEPS
        if arguments[which] is not None
    ]


def assert_table(results: dict[str, dict[str, Any]], module: str) -> None:
    for name, _, check, changed in STEPS:
        result = results.get(f"{module}: {name}")
        if result is None:
            assert "absent" in name
            continue
        assert not result.get("failed"), (name, result["msg"])
        assert result["changed"] is changed, (name, result)
        differs = result["diff"] if isinstance(result["diff"], list) else [result["diff"]]
        assert any(part["before"] != part["after"] for part in differs) is changed, (name, check, differs)


@pytest.fixture
def names() -> dict[str, str]:
    tag = secrets.token_hex(3)
    return {name: f"{name}{tag}" for name in ("u", "v", "g", "n", "d", "t")}


def test_people_teams_and_places(ansible: Ansible, site: Site, names: dict[str, str]) -> None:
    center = site.admin().call("GET", "/data-centers")["items"][0]["name"]
    owner = site.new_account("own")
    project = {"owner": owner.name, "name": "demo"}
    team: dict[str, Any] = {
        "members": [{"user": names["v"], "role": "viewer"}],
        "groups": [{"group": f"{names['g']}x"}],
    }
    person = {"name": names["u"], "initial_password": secrets.token_urlsafe(12)}
    tasks = [
        step("v", "user", {"name": names["v"], "initial_password": secrets.token_urlsafe(12)}),
        step("gx", "group", {"name": f"{names['g']}x", "members": [names["v"]]}),
        *table("user", {**person, "full_name": "U"}, {"name": names["u"], "email": "u@example.org"},
               {"name": names["u"], "state": "absent"}),
        *table("group", {"name": names["g"], "members": [names["v"]]}, {"name": names["g"], "summary": "New"},
               {"name": names["g"], "state": "absent"}),
        *table("project", {**project, **team}, {**project, "members": [], "summary": "New"},
               {**project, "state": "absent"}),
        step("demo", "project", project),
        *table("project_member", {"project": f"{owner.name}/demo", "user": names["v"]},
               {"project": f"{owner.name}/demo", "user": names["v"], "role": "viewer"},
               {"project": f"{owner.name}/demo", "user": names["v"], "state": "absent"}),
        *table("compute_node", {"name": names["n"], "url": f"http://{names['n']}.test:5002", "data_center": center},
               {"name": names["n"], "state": "drained"}, {"name": names["n"], "state": "absent"}),
        *table("data_center", {"name": names["d"], "url": f"http://{names['d']}.test:8089",
                               "secret_dest": str(ansible.folder / "secret")},
               {"name": names["d"], "summary": "New"}, {"name": names["d"], "state": "absent"}),
        *table("token", {"username": owner.name, "password": owner.password, "name": names["t"],
                         "secret_dest": str(ansible.folder / "token")},
               {"username": owner.name, "password": owner.password, "name": names["t"], "expires_in": 4000000,
                "renew_before": 3000000, "secret_dest": str(ansible.folder / "token")},
               {"username": owner.name, "password": owner.password, "name": names["t"], "state": "absent"}),
        *table("setting", {"announcement": names["t"]}, {"announcement": ""}, None),
        step("users", "user_info", {"query": f"[?name=='{owner.name}'].name | [0]"}),
        step("members", "project_member_info", {"project": f"{owner.name}/demo"}),
        step("gone", "project", {**project, "state": "absent"}),
        step("gx gone", "group", {"name": f"{names['g']}x", "state": "absent"}),
        step("v gone", "user", {"name": names["v"], "state": "absent"}),
        step("owner gone", "user", {"name": owner.name, "state": "absent"}),
    ]  # fmt: skip
    for task in tasks:
        if "wakari.aen.token" in task:
            task["environment"] = {"AEN_TOKEN": ""}
    results = ansible.play(tasks)
    for module in ("user", "group", "project", "project_member", "compute_node", "data_center", "token", "setting"):
        assert_table(results, module)
    assert results["users"]["result"] == owner.name
    assert results["members"]["members"] == [{"user": owner.name, "group": None, "role": "owner"}]
    assert results["owner gone"]["changed"]


@pytest.fixture
def running(site: Site, ansible: Ansible) -> tuple[Account, str]:
    owner = site.new_account("own")
    owner.project("demo", nodes=[ansible.node], data_center=data_center_of(site, ansible.node))
    return owner, f"{owner.name}/demo"


def data_center_of(site: Site, node: str) -> str:
    found = next(item for item in site.admin().call("GET", "/nodes")["items"] if item["name"] == node)
    return str(found["data_center"])


def test_a_project_is_stopped_and_started_and_says_why_not(
    ansible: Ansible, site: Site, running: tuple[Account, str]
) -> None:
    owner, project = running
    moves = {"stop": "stopped", "start": "started"}
    tasks = [
        step(f"{verb}{suffix}", "project_state", {"project": project, "state": state}, check=check)
        for verb, state in moves.items()
        for suffix, check in ((", check", True), ("", False), (" again", False))
    ]
    results = ansible.play(tasks)
    for verb, state in moves.items():
        assert [results[f"{verb}{suffix}"]["changed"] for suffix in (", check", "", " again")] == [True, True, False]
        assert results[verb]["project"]["state"] == {"stopped": "stopped", "started": "running"}[state]
    site.run(
        ansible.node, f"mv /projects/{project}/envs /projects/{project}/envs.away && touch /projects/{project}/envs"
    )
    owner.call("POST", f"/projects/{project}/stop")
    owner.wait(project, "stopped")
    failed = ansible.play([step("start", "project_state", {"project": project}, may_fail=True)])["start"]
    assert failed["failed"]
    assert project in failed["msg"]
    assert "envs" in failed["msg"], failed["msg"]


@pytest.fixture
def channel(ansible: Ansible, site: Site) -> Iterator[str]:
    """The local channel (docs/environments.md) in a folder of the node."""
    here = Path(os.environ.get("AEN_CACHE") or "/var/cache/aen") / "channel"
    assert here.is_dir(), "`make channel` builds it."
    there = f"/var/tmp/channel-{secrets.token_hex(4)}"
    archive = ansible.folder / "channel.tar"
    subprocess.run(["tar", "-cf", archive, "-C", here, "."], check=True)
    unpack = {"src": str(archive), "dest": there}
    folder = {"path": there, "state": "directory", "mode": "0755"}
    tasks = [
        {"name": "folder", "ansible.builtin.file": folder},
        {"name": "unpack", "ansible.builtin.unarchive": unpack},
    ]
    ansible.play(tasks, hosts=ansible.node, become=True)
    yield there
    site.run(ansible.node, f"rm -rf {there}")


def test_environments_and_rights_on_the_node(
    ansible: Ansible, site: Site, running: tuple[Account, str], channel: str
) -> None:
    owner, project = running
    first: dict[str, Any] = {"project": project, "name": "course", "packages": ["python", "six"], "channels": [channel]}
    change = {**first, "packages": ["six", "attrs"]}
    gone = {"project": project, "name": "course", "state": "absent"}
    site.run(
        ansible.node, f"runuser -u {owner.name} -- touch /projects/{project}/a.txt; chmod 600 /projects/{project}/a.txt"
    )
    tasks = [
        *table("environment", first, change, gone)[:-3],
        step("environments", "environment_info", {"project": project, "query": "[].name"}),
        *table("environment", first, change, gone)[-3:],
        step("wrong", "project_acl_info", {"project": project, "query": "[0].wrong"}),
        step("acl, check", "project_acl", {"project": project}, check=True),
        step("acl", "project_acl", {"project": project}),
        step("acl again", "project_acl", {"project": project}),
        step("bad", "project_acl", {"project": "../etc"}, may_fail=True),
        step(
            "unknown", "environment", {"project": f"{owner.name}/none", "name": "e", "packages": ["six"]}, may_fail=True
        ),
    ]
    results = ansible.play(tasks, hosts=ansible.node, become=True)
    assert_table(results, "environment")
    assert "course" in results["environments"]["result"]
    assert any(package.startswith("attrs ") for package in results["environment: change"]["packages"])
    assert results["wrong"]["result"] >= 1
    assert [results[name]["changed"] for name in ("acl, check", "acl", "acl again")] == [True, True, False]
    assert "a.txt" in [part["before_header"] for part in results["acl"]["diff"]]
    assert "owner and name" in results["bad"]["msg"]
    assert "never started" in results["unknown"]["msg"]
