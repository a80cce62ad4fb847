# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of SSH keys on a node: whose there are, which revision, and that they go with the last project.

So does the account: it is closed, and opened again. Without systemd a request that sets limits ends with an error: what
it did before is looked at.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.integration.helper import host as hosts
from tests.integration.helper.host import ALICE, BOB, SERVICE, Host, mode_of, project

pytestmark = pytest.mark.root
FIRST = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEy1rWPL1Bc2uJOqnbVI6TpFZrUt8zmPfCHbMo4LmXuB"
SECOND = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAx1rWPL1Bc2uJOqnbVI6TpFZrUt8zmPfCHbMo4LmXuB"

DORA = {"name": "dora", "uid": 59873, "gid": 59873}  # of a number that nothing else on this machine runs as


@contextmanager
def running_as(person: dict[str, Any]) -> Iterator[None]:
    """Run something as the person, which nothing here can end: there is no systemd."""
    process = subprocess.Popen(["sleep", "600"], user=person["uid"], group=person["gid"], extra_groups=[])
    try:
        yield
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def host() -> Iterator[Host]:
    with hosts.laid_down() as made, hosts.one_namespace(made) as whole:
        yield whole


def with_keys(person: dict[str, Any], revision: int, *lines: str, **fields: str) -> dict[str, Any]:
    return {**person, "ssh_keys": {"revision": revision, "lines": list(lines)}, **fields}


def start(host: Host, name: str, *members: dict[str, Any], owner: dict[str, Any] | None = None) -> hosts.Answer:
    spec = project(name, owner=owner or with_keys(ALICE, 1, FIRST), members=list(members))
    return host.ask("start-project", project=spec)


def apply(host: Host, name: str, *members: dict[str, Any], owner: dict[str, Any] | None = None) -> hosts.Answer:
    spec = project(name, owner=owner or with_keys(ALICE, 1, FIRST), members=list(members))
    return host.ask("apply-settings", project=spec)


def test_a_start_lays_the_keys_down_outside_of_homes(host: Host) -> None:
    assert start(host, "p1", with_keys(BOB, 1, SECOND, role="viewer")).status == 0
    assert host.keys_of("alice") == [FIRST]
    assert host.keys_of("bob") == [SECOND]
    folder = host.root / "state/ssh-keys"
    assert [mode_of(path) for path in (folder, folder / "alice")] == ["755", "644"]
    assert [(folder / "alice").lstat().st_uid, (folder / "alice").lstat().st_gid] == [0, 0]
    assert not (host.root / "home/alice/.ssh").exists()


def test_a_change_takes_the_place_of_what_was(host: Host) -> None:
    start(host, "p1")
    assert start(host, "p1", owner=with_keys(ALICE, 2, SECOND)).status == 0
    assert host.keys_of("alice") == [SECOND]
    start(host, "p1", owner=with_keys(ALICE, 3))
    assert host.keys_of("alice") == []


def test_a_banned_owner_loses_the_keys_at_once_and_gets_them_back(host: Host) -> None:
    start(host, "p1", with_keys(BOB, 1, SECOND, role="member"))
    start(host, "p2")
    apply(host, "p1", with_keys(BOB, 1, SECOND, role="member"), owner={**with_keys(ALICE, 2), "banned": True})
    assert not host.keys_of("alice")
    assert host.keys_of("bob") == [SECOND]
    start(host, "p2", owner=with_keys(ALICE, 3, FIRST))
    assert host.keys_of("alice") == [FIRST]


def test_who_has_no_project_here_any_more_has_a_closed_account(host: Host) -> None:
    bob = {**BOB, "role": "member"}  # never had a key on the account page
    start(host, "p1", bob)
    start(host, "p2", bob)
    start(host, "p1")
    assert host.expiry_of("bob") == ""  # p2 is theirs still
    start(host, "p2")
    assert host.expiry_of("bob") == "1"
    assert host.expiry_of("alice") == ""
    start(host, "p2")
    assert host.expiry_of("bob") == "1"
    start(host, "p2", bob)
    assert host.expiry_of("bob") == ""


def test_a_banned_owner_has_a_closed_account_until_the_ban_is_lifted(host: Host) -> None:
    start(host, "p1")
    apply(host, "p1", owner={**with_keys(ALICE, 2), "banned": True})
    assert host.expiry_of("alice") == "1"
    apply(host, "p1", owner={**with_keys(ALICE, 2), "banned": True})
    assert host.expiry_of("alice") == "1"
    apply(host, "p1", owner=with_keys(ALICE, 2, FIRST))
    assert host.expiry_of("alice") == ""
    assert host.keys_of("alice") == [FIRST]


def test_a_banned_owner_has_a_closed_account_on_a_node_that_never_saw_them(host: Host) -> None:
    start(host, "p1", {**BOB, "role": "member"}, owner={**with_keys(ALICE, 2), "banned": True})
    assert [host.expiry_of(name) for name in ("alice", "bob")] == ["1", ""]


def test_whom_nobody_can_close_keeps_nobody_else_waiting(host: Host) -> None:
    dora = with_keys(DORA, 1, SECOND, role="member")
    start(host, "p1", dora)
    start(host, "p2")
    top = host.projects / "alice/p1"
    with running_as(DORA):
        answer = start(host, "p1", {**BOB, "role": "member"})
        assert answer.code == "systemd_unavailable"  # she was in it
        assert [host.expiry_of(name) for name in ("dora", "bob")] == ["1", ""]
        acl = subprocess.run(["getfacl", "-cnpE", str(top)], check=True, capture_output=True, text=True).stdout
        assert f"user:{DORA['uid']}:" not in acl
        assert host.keys_of("dora") == []
        assert start(host, "p2", with_keys(BOB, 1, SECOND, role="member")).status == 0
        assert host.keys_of("bob") == [SECOND]
        assert (host.root / "state/ssh-keys/dora").exists()  # there is work left
    start(host, "p2")
    assert host.keys_of("dora") is None


def test_an_expiry_that_the_site_set_stays(host: Host) -> None:
    start(host, "p1")
    host.in_namespace("usermod", "--expiredate", "2001-01-01", "alice")
    start(host, "p1")
    assert host.expiry_of("alice") == "11323"


def test_an_expiry_that_the_site_set_is_back_when_the_account_is_open_again(host: Host) -> None:
    bob = {**BOB, "role": "member"}
    start(host, "p1", bob)
    host.in_namespace("usermod", "--expiredate", "2101-01-01", "bob")
    start(host, "p1")
    assert host.expiry_of("bob") == "1"
    start(host, "p1", bob)
    assert host.expiry_of("bob") == "47847"


def test_an_account_that_the_site_locked_stays_locked(host: Host) -> None:
    bob = {**BOB, "role": "member"}
    start(host, "p1", bob)
    host.in_namespace("usermod", "--expiredate", "1", "bob")
    start(host, "p1", bob)
    assert host.expiry_of("bob") == "1"
    start(host, "p1")
    start(host, "p1", bob)
    assert host.expiry_of("bob") == "1"
    host.in_namespace("usermod", "--expiredate", "", "bob")
    start(host, "p1")
    start(host, "p1", bob)
    assert host.expiry_of("bob") == ""
    start(host, "p1")
    host.in_namespace("usermod", "--expiredate", "2", "bob")
    start(host, "p1", bob)
    assert host.expiry_of("bob") == "2"


def test_who_was_closed_before_there_were_records_comes_in_again(host: Host) -> None:
    bob = {**BOB, "role": "member"}
    start(host, "p1", bob)
    start(host, "p1")
    records = host.root / "state/closed-accounts"
    assert (mode_of(records), [path.name for path in records.iterdir()]) == ("700", ["bob"])
    host.in_namespace("useradd", "--system", "--expiredate", "1", "of-the-site")
    shutil.rmtree(records)
    start(host, "p2")
    assert [path.name for path in records.iterdir()] == ["bob"]
    start(host, "p1", bob)
    assert host.expiry_of("bob") == ""
    assert list(records.iterdir()) == []


def test_accounts_that_the_site_makes_are_never_closed(host: Host) -> None:
    bob = {**BOB, "role": "member"}
    start(host, "p1", bob)
    host.shared.write_text(json.dumps({**json.loads(host.shared.read_text()), "MANAGE_ACCOUNTS": False}))
    start(host, "p1")
    assert host.keys_of("bob") is None
    assert host.expiry_of("bob") == ""


def test_a_late_job_does_not_bring_a_removed_key_back(host: Host) -> None:
    start(host, "p1", owner=with_keys(ALICE, 7))
    start(host, "p2", owner=with_keys(ALICE, 6, FIRST))
    assert host.keys_of("alice") == []


def test_a_job_that_says_nothing_of_keys_changes_none(host: Host) -> None:
    start(host, "p1")
    assert start(host, "p1", owner=ALICE).status == 0
    assert host.keys_of("alice") == [FIRST]


def test_keys_go_with_the_last_project_of_the_node(host: Host) -> None:
    bob = with_keys(BOB, 1, SECOND, role="member")
    start(host, "p1", bob)
    start(host, "p10", bob)
    start(host, "p1")
    assert host.keys_of("bob") == [SECOND]  # p10 is another project, and theirs still
    start(host, "p10")
    assert not host.keys_of("bob")
    assert host.keys_of("alice") == [FIRST]


def test_accounts_that_are_not_the_persons_get_no_keys(host: Host) -> None:
    start(host, "p1")
    taken = {"name": "carol", "uid": 20077, "gid": 20077}
    host.in_namespace("useradd", "--uid", "3333", "carol")
    for person in (with_keys(taken, 1, SECOND, role="member"), with_keys(BOB, 1, SECOND, name=SERVICE, role="member")):
        answer = apply(host, "p1", person, owner=with_keys(ALICE, 5, SECOND))
        assert answer.status == 1
        assert answer.code in {"account_conflict", "service_account_refused"}
        assert host.keys_of(person["name"]) is None
    assert host.keys_of("alice") == [SECOND]  # the others are not kept waiting


@pytest.mark.parametrize(
    "line",
    [
        f'command="id" {FIRST}',
        f"{FIRST} comment",
        f"{FIRST}\n{SECOND}",
        "ssh-ed25519",
        "-----BEGIN OPENSSH PRIVATE KEY-----",
    ],
)
def test_what_is_no_plain_key_is_refused_before_anything_is_done(host: Host, line: str) -> None:
    answer = start(host, "p1", owner=with_keys(ALICE, 1, line))
    assert answer.code == "request_invalid"
    assert not (host.projects / "alice").exists()


def test_a_damaged_file_of_one_project_keeps_no_key_alive(host: Host) -> None:
    start(host, "p1")
    start(host, "p2", owner=with_keys(BOB, 1, SECOND))
    (host.root / "state/projects/bob/p2.json").write_text(json.dumps({"owner": "?"}))
    apply(host, "p1")
    assert not host.keys_of("bob")
    start(host, "p2", owner=with_keys(BOB, 1, SECOND))
    assert host.keys_of("bob") == [SECOND]


def test_settings_of_a_project_that_is_not_here_do_nothing(host: Host) -> None:
    assert apply(host, "p1").result == {"applied": False}
    assert host.keys_of("alice") is None
