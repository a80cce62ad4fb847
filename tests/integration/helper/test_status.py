# SPDX-License-Identifier: GPL-3.0-or-later
"""`status-project`: how a project is on the node, without changing anything."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.integration.helper import host as hosts
from tests.integration.helper.host import BOB, CAROL, Host, project
from wakari.helper import status

pytestmark = pytest.mark.root
TEAM = project(members=[{**BOB, "role": "member"}, {**CAROL, "role": "viewer"}])


@pytest.fixture
def host() -> Iterator[Host]:
    with hosts.laid_down() as made:
        yield made


def test_a_project_that_never_started(host: Host) -> None:
    told = host.ask("status-project", project=TEAM).result
    assert told == {
        "folder": False,
        "environment": False,
        "environments": [],
        "disk": None,
        "team": None,
        "apps": None,  # no systemd on the machine of the tests
    }
    assert not (host.projects / "alice").exists()


def test_a_project_that_was_started(host: Host) -> None:
    host.ask("start-project", project=TEAM)
    before = host.ask("status-project", project=TEAM).result
    assert (before["folder"], before["environment"], before["environments"]) == (True, True, ["default"])
    assert before["team"] == {"bob": "member", "carol": "viewer"}
    assert before["disk"]["complete"]
    (host.projects / "alice/p1/big").write_bytes(b"x" * (1 << 20))
    os.chown(host.projects / "alice/p1/big", 20000, 20000)
    os.link(host.projects / "alice/p1/big", host.projects / "alice/p1/again")
    after = host.ask("status-project", project=TEAM).result["disk"]
    assert after["files"] == before["disk"]["files"] + 2
    assert 1 << 20 <= after["bytes"] - before["disk"]["bytes"] < 3 << 19  # one file with two names
    os.chown(host.projects / "alice/p1/big", 0, 0)  # as the root distribution's files are
    shared = host.ask("status-project", project=TEAM).result["disk"]
    assert shared["bytes"] < after["bytes"]
    assert shared["shared_bytes"] - after["shared_bytes"] >= 1 << 20


def test_another_environment_is_told_to_be_missing(host: Host) -> None:
    host.ask("start-project", project=TEAM)
    told = host.ask("status-project", project=project(environment="other")).result
    assert (told["environment"], told["environments"]) == (False, ["default"])


def test_a_link_in_the_place_of_the_project_is_no_folder_of_it(host: Host) -> None:
    (host.projects / "alice").mkdir()
    (host.projects / "alice/p1").symlink_to("/etc")
    assert host.ask("status-project", project=TEAM).result["folder"] is False


def test_links_out_of_the_project_are_not_followed(host: Host) -> None:
    host.ask("start-project", project=TEAM)
    before = host.ask("status-project", project=TEAM).result["disk"]
    (host.projects / "alice/p1/out").symlink_to("/usr")
    after = host.ask("status-project", project=TEAM).result["disk"]
    assert after["files"] == before["files"]


def test_counting_ends_in_time_and_says_so(host: Host) -> None:
    descriptor = os.open(host.root, os.O_RDONLY)
    try:
        assert status.disk_use(descriptor, patience=-1)["complete"] is False
    finally:
        os.close(descriptor)
