# SPDX-License-Identifier: GPL-3.0-or-later
"""The account that reads public projects for all outside their teams: what it gets on disk, and what it may be."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.helper import host as hosts
from tests.integration.helper.host import BOB, VISITORS, Host, project

pytestmark = pytest.mark.root

PUBLIC = project(public=True, members=[{**BOB, "role": "member"}])
PRIVATE = project(public=False, members=[{**BOB, "role": "member"}])


@pytest.fixture
def host() -> Iterator[Host]:
    with hosts.laid_down() as made:
        yield made


def change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def entries(path: Path) -> list[str]:
    done = subprocess.run(["getfacl", "-cnpE", str(path)], check=True, capture_output=True, text=True)
    return done.stdout.split()


def uid_of(host: Host, name: str) -> str:
    return host.in_namespace("getent", "passwd", name).split(":")[2]


def test_public_project_has_one_entry_for_visitors_and_nothing_for_other_accounts(host: Host) -> None:
    assert host.ask("start-project", project=PUBLIC).status == 0
    uid, folder = uid_of(host, VISITORS), host.projects / "alice/p1"
    for path, rest in ((folder, "--x"), (folder / "examples", "--x"), (folder / "public", "r-x")):
        found = entries(path)
        assert f"user:{uid}:r-x" in found
        assert f"default:user:{uid}:r-x" in found
        assert f"other::{rest}" in found
    found = entries(folder / "Welcome.txt")
    assert {f"user:{uid}:r-x", "mask::rw-", "other::---"} <= set(found)


def test_entry_goes_when_the_project_turns_private_and_comes_back(host: Host) -> None:
    host.ask("start-project", project=PUBLIC)
    uid, file = uid_of(host, VISITORS), host.projects / "alice/p1/Welcome.txt"
    assert host.ask("check-permissions", project=PRIVATE).result["permissions"]["wrong"] > 0
    assert host.ask("start-project", project=PRIVATE).result["permissions"]["changed"] > 0
    assert not [entry for entry in (*entries(file), *entries(file.parent)) if uid in entry]
    host.ask("start-project", project=PUBLIC)
    assert f"user:{uid}:r-x" in entries(file)


def test_site_without_the_account_gives_no_entry(host: Host) -> None:
    change(host.shared, ANON_USER="disabled")
    host.ask("start-project", project=PUBLIC)
    assert not [entry for entry in entries(host.projects / "alice/p1") if uid_of(host, VISITORS) in entry]


def test_missing_account_stops_a_public_project_alone_and_says_what_to_do(host: Host) -> None:
    change(host.shared, ANON_USER="nosuch")
    answer = host.ask("start-project", project=PUBLIC)
    assert (answer.code, "ANON_USER" in answer.lines[-1]["error"]["hint"]) == ("anonymous_account_missing", True)
    assert host.ask("start-project", project=PRIVATE).status == 0


@pytest.mark.parametrize("who", ["carol", hosts.SERVICE, "in-two-groups"])
def test_account_that_is_not_for_this_alone_is_refused(host: Host, who: str) -> None:
    host.ask("ensure-accounts", people=[hosts.CAROL])
    host.in_namespace("useradd", "--system", "--no-create-home", "--groups", "users", "in-two-groups")
    change(host.shared, ANON_USER=who)
    spec = project(owner=BOB, public=True)
    answer = host.ask("start-project", project=spec)
    assert answer.code == "anonymous_account_refused"
    assert not (host.projects / "bob").exists()


@pytest.mark.parametrize("value", ["root", "../x", "", 7])
def test_account_with_an_impossible_name_is_refused(host: Host, value: Any) -> None:
    change(host.shared, ANON_USER=value)
    answer = host.ask("start-project", project=PRIVATE)
    assert (answer.code, "ANON_USER" in answer.lines[-1]["error"]["message"]) == ("settings_invalid", True)


def test_nobody_is_in_a_team_by_that_name(host: Host) -> None:
    member = {"name": VISITORS, "uid": 20009, "gid": 20009, "role": "viewer"}
    assert host.ask("start-project", project=project(members=[member])).code == "service_account_refused"
    launch = host.ask("launch-app", project=PUBLIC, user={"name": VISITORS, "uid": 20009, "gid": 20009}, app="viewer")
    assert launch.code == "service_account_refused"


def test_check_says_what_is_wrong_and_whose_it_is_and_changes_nothing(host: Host) -> None:
    assert host.ask("check-permissions", project=PRIVATE).result == {"permissions": None}  # never started here
    host.ask("start-project", project=PRIVATE)
    file = host.projects / "alice/p1/Welcome.txt"
    assert host.ask("check-permissions", project=PRIVATE).result["permissions"]["wrong"] == 0
    file.chmod(0o600)
    before = entries(file)
    answer = host.ask("check-permissions", project=PRIVATE)
    report = answer.result["permissions"]
    assert (report["wrong"], report["changed"], report["owners"]) == (1, 0, {"alice": 1})
    assert (report["problems"][0]["path"], report["problems"][0]["owner"]) == ("Welcome.txt", "alice")
    assert answer.steps == ["permissions"]
    assert entries(file) == before
