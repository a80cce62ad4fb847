# SPDX-License-Identifier: GPL-3.0-or-later
"""`wk-permissions` as a real process on a node's files: what it says, and how it ends."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.helper import host as hosts
from tests.integration.helper.host import ALICE, BOB, CAROL, SERVICE, VISITORS, Host, project

pytestmark = pytest.mark.root
DAVE = {"name": "dave", "uid": 20003, "gid": 20003}
TEAM = [{**BOB, "role": "member"}, {**CAROL, "role": "viewer"}]


@pytest.fixture(scope="module")
def laid() -> Iterator[Host]:
    with hosts.laid_down() as made, hosts.one_namespace(made) as host:
        host.in_namespace("groupadd", "--gid", "3000", "lab")
        host.ask("ensure-accounts", people=[ALICE, BOB, CAROL, DAVE])
        host.in_namespace("usermod", "--append", "--groups", "lab", "dave")
        yield host


@pytest.fixture
def host(laid: Host) -> Host:
    """The node with one project, private and right in all."""
    laid.ask("start-project", project=project(members=TEAM))
    return laid


@pytest.fixture
def path(host: Host) -> Path:
    return host.projects / "alice/p1"


def explain(host: Host, user: str, path: Path | str) -> str:
    done = host.permissions("explain", user, str(path))
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def break_files(path: Path, number: int) -> None:
    (path / "broken").mkdir(exist_ok=True)
    for index in range(number):
        file = path / f"broken/f{index:02}"
        file.write_text("x")
        os.chown(file, 20001, 20001)
        file.chmod(0o600)


def test_check_shows_each_entry_before_and_after(host: Host, path: Path) -> None:
    host.permissions("repair", "alice/p1")
    (path / "Welcome.txt").chmod(0o644)
    done = host.permissions("check", "alice/p1", "--diff")
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert "  wrong 1: files of alice" in lines
    at = lines.index("  Welcome.txt (alice)")
    assert lines[at + 1 :] == ["  - mask::r--", "  - other::r--", "  + mask::rw-", "  + other::---"]
    problem = json.loads(host.permissions("check", "alice/p1", "--diff", "--json").stdout)["problems"][0]
    assert {"user:bob:rwx", "mask::r--", "other::r--"} <= set(problem["before"])
    assert {"user:bob:rwx", "mask::rw-", "other::---"} <= set(problem["after"])


def test_folder_shows_its_default_entries_too(host: Host, path: Path) -> None:
    os.removexattr(path / "examples", "system.posix_acl_default")
    lines = host.permissions("check", "alice/p1", "--diff").stdout.splitlines()
    at = lines.index("  examples (alice)")
    assert "  + default:user:carol:r-x" in lines[at:]
    assert not [line for line in lines[at:] if line.startswith("  -")]


def test_as_many_are_told_as_are_asked_for_and_all_are_counted(host: Host, path: Path) -> None:
    host.permissions("repair", "alice/p1")
    break_files(path, 30)
    wrong = json.loads(host.permissions("check", "alice/p1", "--json").stdout)["wrong"]
    for number, told in (("0", 0), ("3", 3), ("100000", wrong)):
        report = json.loads(host.permissions("check", "alice/p1", "--json", "--max", number).stdout)
        assert (len(report["problems"]), sum(report["owners"].values())) == (told, wrong)
    assert "before" not in report["problems"][0]
    text = host.permissions("check", "alice/p1", "--max", "2").stdout
    assert text.splitlines()[-1].endswith("more (--max)")
    repaired = host.permissions("repair", "alice/p1", "--max", "1")
    assert (repaired.returncode, repaired.stdout.count("instead of")) == (0, 1)
    assert host.permissions("check", "alice/p1").returncode == 0


@pytest.mark.parametrize("arguments", [["--max", "-1"], ["--max", "x"], ["--max", "100001"], ["--max"], ["--dif"]])
def test_wrong_usage(host: Host, arguments: list[str]) -> None:
    assert host.permissions("check", "alice/p1", *arguments).returncode == 2


@pytest.mark.parametrize("name", ["alice/absent", "alice", "../etc/p1", "alice/p1/x", "root/p1", ""])
def test_unknown_project_fails_with_the_reason(host: Host, name: str) -> None:
    done = host.permissions("check", name)
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (3, "", False)
    assert done.stderr.startswith("wk-permissions: ")


@pytest.mark.parametrize(
    ("user", "path", "word"),
    [
        ("nosuch", "/", "no account 'nosuch'"),
        ("no\x01such", "/", "no account"),
        ("dave", "relative", "not an absolute path"),
        ("dave", "/a/../b", "not an absolute path"),
        ("dave", "/no/such/path", "/no: No such file"),
        ("dave", "/proc/self/exe", "is a symbolic link,"),
    ],
)
def test_what_cannot_be_explained_says_why(host: Host, user: str, path: str, word: str) -> None:
    done = host.permissions("explain", user, path)
    assert (done.returncode, done.stdout) == (3, "")
    assert word in done.stderr


def test_stranger_to_a_private_project_is_told_whom_to_ask(host: Host, path: Path) -> None:
    said = explain(host, "dave", path / "Welcome.txt")
    assert "dave: in the groups lab, dave" in said
    assert f"dave may do nothing with {path}/Welcome.txt." in said
    assert "not in the team of alice/p1, which is private: only public/ is open to dave." in said
    assert "ask the owner, alice, to add dave to the team" in said
    assert "not as it should be" not in said


def test_viewer_and_member(host: Host, path: Path) -> None:
    viewer = explain(host, "carol", path / "Welcome.txt")
    assert "carol may read " in viewer
    assert "carol is a viewer of alice/p1." in viewer
    assert "to make carol a member" in viewer
    member = explain(host, "bob", path / "Welcome.txt")
    assert "bob is a member of alice/p1." in member
    assert "ask the owner" not in member


def test_file_that_is_not_as_it_should_be_says_who_puts_it_right(host: Host, path: Path) -> None:
    break_files(path, 1)
    said = explain(host, "alice", path / "broken/f00")
    assert "a file of bob, is not as it should be: alice should have the right to: read, write." in said
    assert "wk-permissions repair alice/p1" in said
    host.permissions("repair", "alice/p1")
    assert "not as it should be" not in explain(host, "alice", path / "broken/f00")


def test_group_that_lets_in_is_named(host: Host, path: Path) -> None:
    file = path / "Welcome.txt"
    os.chown(file, 20000, 3000)
    try:
        assert "(in a group of the file: lab)" in explain(host, "dave", file)
    finally:
        os.chown(file, 20000, 20000)


def test_public_project_and_the_account_of_its_visitors(host: Host, path: Path) -> None:
    host.ask("start-project", project=project(members=TEAM, public=True))
    said = explain(host, "dave", path / "Welcome.txt")
    assert f"Viewer, which runs as {VISITORS} for dave, shows all of it" in said
    visitors = explain(host, VISITORS, path / "Welcome.txt")
    assert f"{VISITORS} may read " in visitors
    assert f"{VISITORS} is ANON_USER" in visitors
    host.ask("start-project", project=project(members=TEAM))
    assert "to make alice/p1 public" in explain(host, VISITORS, path / "Welcome.txt")


def test_what_the_kernel_does_is_told_where_the_team_cannot_be_told(host: Host, path: Path) -> None:
    host.ask("start-project", project=project(members=TEAM, public=True))
    before = host.shared.read_text()
    host.shared.write_text(json.dumps(json.loads(before) | {"ANON_USER": "nosuch"}))
    try:
        done = host.permissions("explain", "bob", str(path / "Welcome.txt"))
    finally:
        host.shared.write_text(before)
    assert (done.returncode, "bob may read, write " in done.stdout) == (3, True)
    assert "'nosuch', under which people look at public projects, does not exist" in done.stderr


def test_the_root_distributions_files_and_paths_outside_projects(host: Host, path: Path) -> None:
    assert "is left as it is" in explain(host, "alice", path / "envs/default/bin/python")
    assert "dave may read, enter /." in explain(host, "dave", "/")
    assert "no permission bit stops it" in explain(host, "root", path)
    (host.projects / "alice/never").mkdir(exist_ok=True)
    assert "alice/never was never started" in explain(host, "dave", host.projects / "alice/never")
    assert explain(host, SERVICE, "/usr/bin").endswith("/usr/bin.\n")
