# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks in a project's folder as its people may meddle with them, and a node that a project leaves.

Without systemd the request to leave ends with an error: what it did before is looked at.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.helper import host as hosts
from tests.integration.helper.host import ALICE, BOB, CAROL, Host, mode_of, project

pytestmark = pytest.mark.root
MARKER = "0123456789abcdef" * 4
NAME = f".wakari-move-{MARKER[:16]}"
TEAM = project(members=[{**BOB, "role": "member"}])


@pytest.fixture
def host() -> Iterator[Host]:
    with hosts.laid_down() as made, hosts.one_namespace(made) as node:
        assert node.ask("start-project", project=TEAM).status == 0
        yield node


@pytest.fixture
def folder(host: Host) -> Path:
    return host.projects / "alice/p1"


def found(host: Host, spec: object = TEAM, marker: str = MARKER) -> bool:
    return bool(host.ask("find-project", project=spec, marker=marker).result["found"])


def test_a_mark_is_roots_alone(host: Host, folder: Path) -> None:
    assert host.ask("mark-project", project=TEAM, marker=MARKER).result == {"marked": True}
    assert (mode_of(folder / NAME), (folder / NAME).lstat().st_uid) == ("600", 0)
    assert found(host)
    assert not (folder / NAME).exists()


def test_a_mark_of_another_project_is_none_of_this_one(host: Host, folder: Path) -> None:
    other = project("p2")
    assert host.ask("start-project", project=other).status == 0
    host.ask("mark-project", project=other, marker=MARKER)
    assert not found(host)
    (folder / NAME).write_text("f" * 64)  # root's, of the right name and another run
    assert not found(host)
    assert found(host, other)


@pytest.mark.parametrize("kind", ["file", "link", "fifo", "folder"])
def test_what_people_put_in_its_place_is_no_mark_and_stays(host: Host, folder: Path, kind: str) -> None:
    path = folder / NAME
    aside = host.root / "aside"
    aside.write_text(MARKER)
    if kind == "file":
        path.write_text(MARKER)
    elif kind == "link":
        path.symlink_to(aside)
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()
    os.chown(path, ALICE["uid"], ALICE["gid"], follow_symlinks=False)
    assert not found(host)
    assert os.path.lexists(path)
    assert aside.read_text() == MARKER
    assert host.ask("mark-project", project=TEAM, marker="f" * 64).status == 0, "another name is free"
    assert os.path.lexists(path)


def test_a_mark_is_written_over_nothing(host: Host, folder: Path) -> None:
    aside = host.root / "aside"
    aside.write_text("kept")
    (folder / NAME).symlink_to(aside)
    assert host.ask("mark-project", project=TEAM, marker=MARKER).status == 1
    assert aside.read_text() == "kept"


def test_a_project_that_was_never_here_has_no_mark(host: Host) -> None:
    never = project("never", owner={**CAROL, "uid": ALICE["uid"]})
    assert host.ask("start-project", project=never).code == "account_conflict"
    assert host.ask("mark-project", project=never, marker=MARKER).result == {"marked": False}
    assert not found(host, project("never"))


def test_a_folder_that_should_be_there_is_missed(host: Host, folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    assert host.ask("mark-project", project=TEAM, marker=MARKER).code == "project_not_started"


def test_who_is_left_without_a_project_is_let_in_no_more_and_files_stay(host: Host, folder: Path) -> None:
    assert host.ask("start-project", project=project("p2")).status == 0
    (host.root / "state/ssh-keys/bob").write_text("ssh-ed25519 AAAA")
    host.ask("leave-project", project=TEAM)
    assert not host.keys_of("bob")
    assert host.expiry_of("bob") == "1"
    assert host.expiry_of("alice") == "", "p2 is hers still"
    assert not (host.root / "state/projects/alice/p1.json").exists()
    assert (folder / "envs/default").is_dir()
    assert host.ask("start-project", project=TEAM).status == 0, "and it can come back"
    assert host.expiry_of("bob") == ""


def test_whom_a_node_knows_by_a_mark_alone_is_let_in_once_the_project_is_there(host: Host) -> None:
    host.ask("leave-project", project=TEAM)
    team = project(members=[{**BOB, "role": "member"}, {**CAROL, "role": "viewer"}])
    host.ask("mark-project", project=team, marker=MARKER)
    assert found(host, team)
    assert [host.expiry_of(name) for name in ("alice", "bob", "carol")] == ["1"] * 3
    assert host.ask("start-project", project=team).status == 0
    assert [host.expiry_of(name) for name in ("alice", "bob", "carol")] == [""] * 3


def test_a_mark_that_the_node_does_not_see_makes_nobody_but_the_owner(host: Host) -> None:
    host.ask("leave-project", project=TEAM)
    assert not found(host, project(members=[{**CAROL, "role": "viewer"}]))
    with pytest.raises(subprocess.CalledProcessError):
        host.expiry_of("carol")


def test_a_node_tells_of_a_mark_though_somebody_new_cannot_have_an_account_there(host: Host) -> None:
    taken = project(members=[{**CAROL, "uid": ALICE["uid"], "role": "viewer"}])
    host.ask("mark-project", project=taken, marker=MARKER)
    assert found(host, taken), "it may have been there before them, and be left for that very reason"
    host.ask("leave-project", project=TEAM)
    host.ask("mark-project", project=taken, marker=MARKER)
    assert host.ask("find-project", project=taken, marker=MARKER).code == "account_conflict"
