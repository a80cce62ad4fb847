# SPDX-License-Identifier: GPL-3.0-or-later
"""A project's files on their way to another owner, as root does it. What needs systemd is tested on test hosts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.helper import host as hosts
from tests.integration.helper.host import ALICE, BOB, CAROL, SERVICES, Host, mode_of, project

pytestmark = pytest.mark.root
TEAM = project(members=[{**BOB, "role": "member"}, {**CAROL, "role": "viewer"}])
# What the verb does, without the apps, which systemd keeps.
MOVE = """
import json, sys
from pathlib import Path
sys.path[:0] = [{services!r}]
from wakari.core.errors import AppError
from wakari.core.messages import ProjectSpec
from wakari.helper import settings
from wakari.helper.accounts import Accounts
from wakari.helper.applying import Applying
from wakari.helper.projects import Projects
from wakari.helper.transfer import Transfer
known = settings.load(Path({prefix!r}), Path({site!r}))
before, spec = (ProjectSpec.model_validate(one) for one in json.loads(sys.argv[1]))
accounts, applying = Accounts(known), Applying(known)
owner, team = accounts.team(spec)
try:
    with Transfer(known, accounts, Projects(known)).taken(before, spec, owner) as moved:
        if moved is not None:
            applying.bring_in_line(moved.folder, team)
    print(json.dumps(None if moved is None else {{"given": moved.given, "left": moved.left}}))
except AppError as error:
    print(json.dumps(error.body("-")))
"""


@pytest.fixture
def host() -> Iterator[Host]:
    with hosts.laid_down() as made, hosts.one_namespace(made) as node:
        assert node.ask("start-project", project=TEAM).status == 0
        yield node


def command(host: Host, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    folders = {"prefix": str(host.root / "prefix"), "site": str(host.root / "site")}
    code = MOVE.format(services=str(SERVICES), **folders)
    return host._own_etc(sys.executable, "-I", "-c", code, json.dumps([before, after]))


def move(host: Host, after: dict[str, Any] | None = None, before: dict[str, Any] = TEAM) -> Any:
    wanted = after or project(owner=BOB, members=[{**CAROL, "role": "viewer"}])
    done = subprocess.run(command(host, before, wanted), check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def owners(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_uid, status.st_gid


def acl(path: Path) -> list[str]:
    return subprocess.run(["getfacl", "-cnpE", str(path)], check=True, capture_output=True, text=True).stdout.split()


def test_files_move_and_are_the_new_owners(host: Host) -> None:
    old, new = host.projects / "alice/p1", host.projects / "bob/p1"
    for name, uid in {"of-alice": 20000, "of-carol": 20002}.items():
        (old / name).write_text("x")
        os.chown(old / name, uid, uid)
    (old / "link").symlink_to("/etc/hostname")
    os.chown(old / "link", 20000, 20000, follow_symlinks=False)
    told = move(host)
    assert told["given"] > 5
    assert told["left"] == {}
    assert not old.exists()
    assert [owners(new / name) for name in ("", "of-alice", "link", "envs")] == [(20001, 20001)] * 4
    assert owners(new / "of-carol") == (20002, 20002)
    assert owners(Path("/etc/hostname")) == (0, 0)
    assert "user:20000:rwx" not in acl(new)
    assert acl(new)[:3] == ["user::rwx", "user:20002:r-x", "group::rwx"]
    assert "user:20001:rwx" in acl(new / "of-carol")
    assert (mode_of(host.projects / "bob"), owners(host.projects / "bob")) == ("711", (0, 0))
    tool = new / "envs/default/bin/tool"
    assert tool.read_text().startswith(f"#!{new}/envs/default/bin/python")
    assert owners(new / "envs/default/bin/python") == (0, 0)  # shared with the root distribution
    assert (
        host.ask("check-permissions", project=project(owner=BOB, members=[{**CAROL, "role": "viewer"}])).result[
            "permissions"
        ]["wrong"]
        == 0
    )


def test_a_second_run_finds_it_in_its_place(host: Host) -> None:
    move(host)
    assert move(host) == {"given": 0, "left": {}}


def test_a_node_that_never_had_it_has_nothing_to_do(host: Host) -> None:
    assert move(host, project("other", owner=BOB), project("other")) is None
    assert not (host.projects / "bob").exists()


def test_a_killed_run_is_completed_by_the_next(host: Host) -> None:
    for number in range(200):
        folder = host.projects / f"alice/p1/many{number}"
        folder.mkdir()
        os.chown(folder, 20000, 20000)
    wanted = project(owner=BOB)
    stages = set()
    for delay in (0.15, 0.2, 0.25, 0.3, 0.35, 0.4):
        with subprocess.Popen(command(host, TEAM, wanted), stdout=subprocess.PIPE) as process:
            time.sleep(delay)
            process.kill()
        stages.add(
            "old"
            if (host.projects / "alice/p1").exists()
            else "new"
            if (host.projects / "bob/p1").exists()
            else "aside"
        )
    move(host, wanted)
    new = host.projects / "bob/p1"
    assert stages, "nothing was seen"
    assert not (host.projects / "alice/p1").exists()
    assert list((host.projects / ".staging").iterdir()) == []
    assert {owners(new / f"many{number}") for number in range(200)} == {(20001, 20001)}
    assert (new / "envs/default/bin/tool").read_text().startswith(f"#!{new}/")


def test_something_in_the_new_place_is_a_reason_and_nothing_is_lost(host: Host) -> None:
    (host.projects / "bob/p1").mkdir(parents=True)
    (host.projects / "bob").chmod(0o711)
    answer = move(host)
    assert answer["error"]["code"] == "project_path_taken"
    assert str(host.projects / "bob/p1") in answer["error"]["message"]
    assert (host.projects / "alice/p1/Welcome.txt").exists()
    (host.projects / "bob/p1").rmdir()
    assert move(host)["given"] > 0


def test_a_folder_of_somebody_else_is_not_given_away(host: Host) -> None:
    os.chown(host.projects / "alice/p1", 20002, 20002)
    assert move(host)["error"]["code"] == "project_owner_wrong"
    assert (host.projects / "alice/p1/Welcome.txt").exists()


def test_a_file_with_a_name_elsewhere_stays_its_owners(host: Host) -> None:
    mine = host.root / "home/alice/secret"
    mine.write_text("x")
    os.chown(mine, 20000, 20000)
    os.link(mine, host.projects / "alice/p1/secret")
    (host.projects / "alice/p1/one").write_text("x")
    os.chown(host.projects / "alice/p1/one", 20000, 20000)
    os.link(host.projects / "alice/p1/one", host.projects / "alice/p1/two")
    assert move(host)["left"] == {"linked_elsewhere": 1}
    assert owners(mine) == (20000, 20000)
    assert owners(host.projects / "bob/p1/two") == (20001, 20001)


def test_a_program_that_ran_as_the_former_owner_does_not_run_as_the_new_one(host: Host) -> None:
    program = host.projects / "alice/p1/run"
    program.write_text("x")
    os.chown(program, 20000, 20000)
    program.chmod(0o4755)
    move(host)
    assert (host.projects / "bob/p1/run").stat().st_mode & 0o6000 == 0


def test_what_is_mounted_in_it_is_left_alone(host: Host) -> None:
    point = host.projects / "alice/p1/mounted"
    point.mkdir()
    os.chown(point, 20000, 20000)
    host.in_namespace("mount", "-t", "tmpfs", "tmpfs", str(point))
    host.in_namespace("sh", "-c", f"touch {point}/inside && chown 20000 {point}/inside")
    assert move(host)["left"] == {"other_mount": 1}
    inside = host.in_namespace("stat", "-c", "%u", str(host.projects / "bob/p1/mounted/inside"))
    assert inside.strip() == "20000"


def test_a_deep_tree_moves(host: Host) -> None:
    descriptor = os.open(host.projects / "alice/p1", os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=descriptor)
        below = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.fchown(descriptor, 20000, 20000)
    move(host)
    assert os.fstat(descriptor).st_uid == 20001
    os.close(descriptor)
    subprocess.run(["rm", "-rf", str(host.projects / "bob/p1/d")], check=True)  # too deep for Python's rmtree


def test_the_former_account_may_be_gone(host: Host) -> None:
    host.in_namespace("userdel", "alice")
    assert move(host)["given"] > 0
    assert owners(host.projects / "bob/p1") == (20001, 20001)
    assert ALICE["uid"] == 20000
