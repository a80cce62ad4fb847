# SPDX-License-Identifier: GPL-3.0-or-later
"""People as accounts of the nodes: one number everywhere, names at their limits, and a site that makes them itself."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.functional.platform import Account, Kernel, Site
from tests.functional.ssh_door import Door, soon

pytestmark = pytest.mark.platform

PREFIX = "/opt/wakari/wakari-compute"
CONFIG = f"{PREFIX}/etc/wakari/config.json"


def nodes_of(site: Site) -> list[tuple[str, list[str]]]:
    """Return each data center with the names of its nodes, the one with most of them first."""
    nodes = site.admin().call("GET", "/nodes")["items"]
    centers = {node["data_center"] for node in nodes}
    found = [(center, [node["name"] for node in nodes if node["data_center"] == center]) for center in centers]
    return sorted(found, key=lambda one: -len(one[1]))


def test_a_person_has_the_same_uid_and_gid_on_every_node(site: Site, alice: Account, bob: Account) -> None:
    center, nodes = nodes_of(site)[0]
    alice.call("POST", "/projects", {"name": "spread", "data_center": center, "nodes": nodes})
    alice.call("PUT", f"/projects/{alice.name}/spread/members/{bob.name}", {"role": "viewer"})
    alice.start(f"{alice.name}/spread", 60 + 120 * len(nodes))
    for account in (alice, bob):
        uid = account.call("GET", f"/users/{account.name}")["uid"]
        for node in nodes:
            assert site.run(node, f"id -u {account.name}; id -g {account.name}").split() == [str(uid)] * 2, node


def test_names_at_their_limits_work_from_the_page_to_the_disk(site: Site) -> None:
    person = Account(f"a{secrets.token_hex(15)}", secrets.token_urlsafe(16), site.api)
    assert len(person.name) == 31
    site.admin().call("POST", "/users", {"name": person.name, "password": person.password})
    person.sign_in()
    longest, shortest = "P" + "-_9x" * 15 + "ab", "p"
    assert len(longest) == 63
    for name in (longest, shortest):
        project = person.project(name)
        kernel = Kernel(person, project["urls"]["apps"]["notebook"])
        assert kernel.run("import os; print(os.getcwd())") == f"/projects/{person.name}/{name}"
        kernel.run("open('\\u00fcn\\u00efcode and spaces -rf .x', 'w').write('yes')")
        person.start(f"{person.name}/{name}")


@pytest.mark.parametrize(
    "name",
    ["", " ", "-rf", ".hidden", "..", "a b", "a/b", "p.q", "p\u00fc", "p\n", "p\x00", "1p", "x" * 64, "$(id)", "'"],
)
def test_other_names_are_refused_with_the_rule(alice: Account, name: str) -> None:
    answer = alice.session.post(f"{alice.api}/projects", json={"name": name}, timeout=30)
    assert answer.status_code == 422
    assert answer.json()["error"]["hint"]
    path = alice.session.get(f"{alice.api}/projects?owner={alice.name}", timeout=30).json()
    assert path["items"] == []


def test_every_action_of_the_helper_is_in_the_journal_with_who_asked(site: Site, alice: Account) -> None:
    project = alice.project("logged")
    node = project["nodes"][0]
    lines = _journal(site, node, f"project={alice.name}/logged")
    starts = [line for line in lines if "verb=start-project" in line["MESSAGE"]]
    assert [line["MESSAGE"].split()[0] for line in starts] == ["begin", "done"]
    for line in starts:
        assert line["SYSLOG_FACILITY"] == "10"  # authpriv: sd-daemon(3), syslog(3)
        assert f"requested_by={alice.name} " in line["MESSAGE"]
        assert "request_id=task-" in line["MESSAGE"]  # the same id as in the worker's log
    assert "seconds=" in starts[1]["MESSAGE"]
    asked = starts[0]["MESSAGE"].partition("request_id=")[2].split()[0]
    launcher = site.run(node, "cat /opt/wakari/wakari-compute/var/log/wakari/compute-launcher.application.log")
    assert f'"request_id": "{asked}"' in launcher


def test_a_refused_action_is_in_the_journal_with_the_reason_and_how_long_it_took(site: Site, alice: Account) -> None:
    node = nodes_of(site)[0][1][0]
    asked = f"refused-{secrets.token_hex(4)}"
    request = {
        "verb": "ensure-accounts",
        "request_id": asked,
        "requested_by": alice.name,
        "people": [{"name": alice.name, "uid": 1000, "gid": 1000}],
    }
    said = site.run(node, f"echo '{json.dumps(request)}' | /opt/wakari/wakari-compute/bin/wk-root-helper || true")
    assert json.loads(said.splitlines()[-1])["error"]["code"] == "account_conflict"
    lines = _journal(site, node, f"request_id={asked}")
    words = lines[-1]["MESSAGE"]
    assert words.startswith("failed verb=ensure-accounts")
    for part in (f"requested_by={alice.name}", "code=account_conflict", "seconds=", "why="):
        assert part in words


@pytest.mark.alone
def test_a_site_that_makes_its_accounts_itself(site: Site, alice: Account, bob: Account, tmp_path: Path) -> None:
    center, nodes = nodes_of(site)[0]
    node = nodes[0]
    with _unmanaged(site, node):
        alice.call("POST", "/projects", {"name": "own", "data_center": center, "nodes": [node]})
        path = f"{alice.name}/own"
        reason = _fails(alice, path)
        assert f"'{alice.name}' has no account on this node" in reason
        assert "MANAGE_ACCOUNTS is false" in reason
        uid = str(4000 + secrets.randbelow(4000))  # far from what the server would give
        site.run(node, f"useradd --create-home --uid {uid} {alice.name}")
        project = alice.start(path)
        kernel = Kernel(alice, project["urls"]["apps"]["notebook"])
        assert kernel.run("import os; print(os.getuid(), os.getcwd())") == f"{uid} /projects/{path}"
        assert site.run(node, f"stat -c %u /projects/{path}") == uid
        # A member without an account is refused with their name.
        alice.call("PUT", f"/projects/{path}/members/{bob.name}", {"role": "member"})
        deadline = time.monotonic() + 60
        while alice.call("GET", f"/projects/{path}")["state"] != "error":
            assert time.monotonic() < deadline
            time.sleep(0.3)
        assert bob.name in alice.call("GET", f"/projects/{path}")["reason"]
        assert site.run(node, f"id {bob.name} 2>&1 || true").endswith("no such user")
        alice.call("DELETE", f"/projects/{path}/members/{bob.name}")
        alice.start(path)
        # SSH keys open accounts that the platform did not make, too.
        door = Door(site.hosts[node]["address"], tmp_path)
        alice.call("POST", "/ssh-keys", {"key": door.key("mine")})
        soon(lambda: door.opens(alice.name, "mine"))
        assert door.run(alice.name, "mine", "id -u") == uid


@contextmanager
def _unmanaged(site: Site, node: str) -> Iterator[None]:
    """Set MANAGE_ACCOUNTS to false on the node for the block."""
    before = json.loads(site.run(node, f"cat {CONFIG}"))
    site.run(node, f"cp -p {CONFIG} {CONFIG}.aside")
    _write(site, node, before | {"MANAGE_ACCOUNTS": False})
    try:
        yield
    finally:
        site.run(node, f"mv {CONFIG}.aside {CONFIG}")
        _restart(site, node)


def _write(site: Site, node: str, content: dict[str, Any]) -> None:
    site.run(node, f"cat > {CONFIG} <<'EOF'\n{json.dumps(content)}\nEOF")
    _restart(site, node)


def _restart(site: Site, node: str) -> None:
    site.supervise(node, "compute", "restart", "wk-compute")
    site.run(
        node, f"for i in $(seq 100); do test -S {PREFIX}/var/run/wk-compute.sock && exit 0; sleep .1; done; exit 1"
    )


def _fails(account: Account, path: str) -> str:
    """Start the project; return the reason why it did not."""
    account.call("POST", f"/projects/{path}/start")
    deadline = time.monotonic() + 120
    while (project := account.call("GET", f"/projects/{path}"))["state"] != "error":
        assert project["state"] == "starting", project
        assert time.monotonic() < deadline, project
        time.sleep(0.3)
    return str(project["reason"])


def _journal(site: Site, node: str, words: str) -> list[dict[str, str]]:
    """Return the helper's entries with these words, as the journal has them."""
    text = site.run(node, f"journalctl -q -t wk-root-helper -o json --since -10min | grep -F '{words}'")
    return [json.loads(line) for line in text.splitlines()]
