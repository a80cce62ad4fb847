# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH with the keys of account pages, by the real client at the real sshd of a node."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.functional.platform import Account, Site
from tests.functional.ssh_door import SOON, Door, soon

pytestmark = pytest.mark.platform


@pytest.fixture
def project(alice: Account) -> dict[str, Any]:
    return alice.project("shell")


@pytest.fixture
def door(site: Site, project: dict[str, Any], tmp_path: Path) -> Door:
    (host,) = project["ssh_hosts"]
    assert host == site.hosts[project["nodes"][0]]["address"]
    return Door(host, tmp_path)


def test_a_key_opens_its_account_until_it_is_removed(
    site: Site, alice: Account, bob: Account, project: dict[str, Any], door: Door
) -> None:
    public, other = door.key("mine"), door.key("other")
    assert not door.opens(alice.name, "mine")
    added = alice.call("POST", "/ssh-keys", {"name": "test", "key": public})
    soon(lambda: door.opens(alice.name, "mine"))
    assert door.run(alice.name, "mine", "id -un; pwd") == f"{alice.name}\n/home/{alice.name}"
    assert not door.opens(alice.name, "other")
    # A key of somebody else opens nothing of mine, and mine nothing of theirs, the platform's or root's.
    bob.call("POST", "/ssh-keys", {"key": other})
    bob.project("theirs", data_center=project["data_center"], nodes=project["nodes"])
    soon(lambda: door.opens(bob.name, "other"))
    service = site.run(project["nodes"][0], "stat -c %U /opt/wakari/wakari-compute/var/log/wakari")
    for user, key in (
        (alice.name, "other"),
        (bob.name, "mine"),
        ("root", "mine"),
        (service, "mine"),
        ("admin", "mine"),
    ):
        assert not door.opens(user, key), f"{key} opens {user}"
    alice.call("DELETE", f"/ssh-keys/{added['id']}")
    soon(lambda: not door.opens(alice.name, "mine"))
    assert door.opens(bob.name, "other")


def test_what_people_keep_in_their_home_stays_theirs(alice: Account, door: Door) -> None:
    alice.call("POST", "/ssh-keys", {"key": door.key("page")})
    soon(lambda: door.opens(alice.name, "page"))
    own = door.key("own").strip()
    door.run(alice.name, "page", f"umask 077; mkdir .ssh; echo '{own}' > .ssh/authorized_keys")
    assert door.opens(alice.name, "own")
    for key in alice.call("GET", "/ssh-keys")["items"]:
        alice.call("DELETE", f"/ssh-keys/{key['id']}")
    soon(lambda: not door.opens(alice.name, "page"))
    assert door.run(alice.name, "own", "cat .ssh/authorized_keys") == own


def test_a_session_works_in_the_project_with_the_teams_rights(
    alice: Account, bob: Account, project: dict[str, Any], door: Door
) -> None:
    path = f"/projects/{alice.name}/{project['name']}"
    for account, key in ((alice, "a"), (bob, "b")):
        account.call("POST", "/ssh-keys", {"key": door.key(key)})
    alice.call("PUT", f"/projects/{alice.name}/shell/members/{bob.name}", {"role": "member"})
    soon(lambda: door.opens(alice.name, "a"))
    soon(lambda: door.opens(bob.name, "b"))
    # Made with any umask: below a project the default entries decide (acl(5), "OBJECT CREATION AND DEFAULT ACLs").
    door.run(bob.name, "b", f"cd {path} && umask 077 && mkdir new && echo one > new/file")
    assert door.run(alice.name, "a", f"cd {path} && echo two >> new/file && cat new/file") == "one\ntwo"


def test_who_leaves_the_team_is_out_open_sessions_included(
    site: Site, alice: Account, bob: Account, project: dict[str, Any], door: Door
) -> None:
    bob.call("POST", "/ssh-keys", {"key": door.key("b")})
    member = f"/projects/{alice.name}/{project['name']}/members/{bob.name}"
    alice.call("PUT", member, {"role": "viewer"})
    soon(lambda: door.opens(bob.name, "b"))
    session = subprocess.Popen(door.client(bob.name, "b", "sleep 600"))
    node = project["nodes"][0]
    site.run(node, f"for i in $(seq 50); do pgrep -u {bob.name} sleep && exit 0; sleep .1; done; exit 1")
    alice.call("DELETE", member)
    soon(lambda: not door.opens(bob.name, "b"))
    assert session.wait(SOON) != 0
    assert site.run(node, f"pgrep -u {bob.name} || true") == ""
    assert site.run(node, f"ls /var/lib/wakari/ssh-keys/{bob.name} 2>&1 || true").endswith("No such file or directory")


def test_a_banned_person_is_out_with_what_they_left_behind_and_comes_back(
    site: Site, alice: Account, project: dict[str, Any], door: Door
) -> None:
    alice.call("POST", "/ssh-keys", {"key": door.key("page")})
    soon(lambda: door.opens(alice.name, "page"))
    own = door.key("own").strip()
    door.run(alice.name, "page", f"umask 077; mkdir .ssh; echo '{own}' > .ssh/authorized_keys")
    node = project["nodes"][0]
    # In no session of theirs, as what cron starts; and deaf to a request to end.
    site.run(node, f"systemd-run --uid={alice.name} sh -c 'trap \"\" TERM; while :; do sleep 1; done'")
    assert site.run(node, f"pgrep -u {alice.name} -x sh")
    site.admin().call("PUT", f"/users/{alice.name}/ban", {"reason": "test"})
    soon(lambda: not door.opens(alice.name, "own"))
    soon(lambda: site.run(node, f"pgrep -u {alice.name} || true") == "")
    assert site.run(node, f"chage -l {alice.name} | grep ^Account").endswith("Jan 02, 1970")
    site.admin().call("DELETE", f"/users/{alice.name}/ban")
    soon(lambda: door.opens(alice.name, "own"))
    soon(lambda: door.opens(alice.name, "page"))


def test_a_closed_account_is_out(site: Site, alice: Account, bob: Account, project: dict[str, Any], door: Door) -> None:
    bob.call("POST", "/ssh-keys", {"key": door.key("b")})
    alice.call("PUT", f"/projects/{alice.name}/{project['name']}/members/{bob.name}", {"role": "member"})
    soon(lambda: door.opens(bob.name, "b"))
    site.admin().call("DELETE", f"/users/{bob.name}")
    soon(lambda: not door.opens(bob.name, "b"))
    node = project["nodes"][0]
    soon(lambda: site.run(node, f"chage -l {bob.name} | grep ^Account").endswith("Jan 02, 1970"))


def test_keys_go_with_a_deleted_project(site: Site, alice: Account, project: dict[str, Any], door: Door) -> None:
    alice.call("POST", "/ssh-keys", {"key": door.key("a")})
    soon(lambda: door.opens(alice.name, "a"))
    alice.call("DELETE", f"/projects/{alice.name}/{project['name']}")
    soon(lambda: not door.opens(alice.name, "a"))
    assert site.run(project["nodes"][0], "sshd -t; stat -c '%U %a' /etc/ssh/sshd_config.d/wakari.conf") == "root 644"
