# SPDX-License-Identifier: GPL-3.0-or-later
"""What administrators do with a platform in use, one after the other on the same hosts: upgrade, new node, restore.

In the order of the file: each needs what the one before left.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import websocket

from tests.functional.platform import ROOT, Account, Kernel, Site
from tests.operations.conftest import Administrator

pytestmark = pytest.mark.platform
KERNELS = 20
SERVER, GATEWAY, FIRST, STAYS = "op-server", "op-gateway", "op-node1", "op-node2"
RELEASE = "cat /opt/wakari/wakari-*/lib/archive.sha256"  # of the wheels that a host has
ALIKE = ("members", "groups", "nodes", "owner", "public", "state", "environment", "limits")


def made_anew(site: Site, host: str) -> None:
    """Remove the host with its disk, and boot a fresh one of that name and address."""
    lab("down", host)
    lab("up", f"{host}={site.hosts[host]['address'].rsplit('.', 1)[1]}", "--memory", "3G")


def wait_until(reached: Callable[[], bool], otherwise: str, seconds: float = 120) -> None:
    """Return when it is so; AssertionError with the words where it is not in time."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"{otherwise} after {seconds} s"
        time.sleep(1)


def notebook(person: Account, name: str, node: str) -> str:
    """Return the address of the Notebook of a new project of the person's, once it answers."""
    address = str(person.project(name, nodes=[node])["urls"]["apps"]["notebook"])
    # The first request starts it, and is told to come again where that takes long.
    wait_until(lambda: person.session.get(f"{address}api/status", timeout=120).ok, f"{address} does not answer", 300)
    return address


def gone(person: Account, path: str) -> None:
    """Return when the API knows it no more."""
    missing = requests.codes.not_found
    wait_until(
        lambda: person.session.get(person.api + path, timeout=60).status_code == missing, f"{path} is still there"
    )


def settled(person: Account) -> None:
    """Return when none of the person's tasks waits or runs."""
    unsettled = {"queued", "running"}
    wait_until(
        lambda: not {task["state"] for task in person.call("GET", "/tasks")["items"]} & unsettled, "tasks still run"
    )


def lab(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "tools.hosts", *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def backed_up(administrator: Administrator, place: Path, *, limit: str = "", **variables: object) -> Path:
    """Play the backup into an empty folder; return the folder that it made there."""
    administrator.play("backup", limit=limit, aen_backup_folder=str(place), **variables)
    (made,) = place.iterdir()
    return made


@dataclass
class Used:
    """A platform in use: a person, four projects on the node that stays, twenty kernels with something to lose."""

    person: Account
    kernels: dict[str, tuple[str, str]]  # by id: the address of its app, and the word that it keeps

    @classmethod
    def of(cls, person: Account) -> Used:
        made = cls(person, {})
        for name in ("work", "more", "again", "last"):
            address = notebook(person, name, STAYS)
            for _ in range(KERNELS // 4):  # threads of twenty would break the limit of one app
                started = person.session.post(f"{address}api/kernels", json={}, timeout=120)
                assert started.ok, f"{started.status_code} {started.text}"
                kernel_id, word = started.json()["id"], secrets.token_hex(8)
                made.kernels[kernel_id] = (address, word)
                made.ask(kernel_id, f"word = {word!r}")
        return made

    def ask(self, kernel_id: str, code: str, attempts: int = 5) -> str:
        """Return what the kernel says, over a connection of its own; tries again while something restarts."""
        for last in range(attempts - 1, -1, -1):
            try:
                kernel = Kernel.attach(self.person, self.kernels[kernel_id][0], kernel_id, 120)
                break
            except (websocket.WebSocketException, OSError):
                if not last:
                    raise
                time.sleep(3)
        try:
            return kernel.run(code)
        finally:
            kernel.socket.close()

    def says(self, kernel_id: str) -> str:
        return self.ask(kernel_id, "print(word)")

    def assert_none_lost(self) -> None:
        with ThreadPoolExecutor(4) as pool:
            said = dict(zip(self.kernels, pool.map(self.says, self.kernels), strict=True))
        assert said == {kernel_id: word for kernel_id, (_, word) in self.kernels.items()}


@pytest.fixture(scope="module")
def used(site: Site) -> Used:
    return Used.of(site.new_account("ops"))


def apps(administrator: Administrator, host: str) -> dict[str, str]:
    return {pid: told for pid, told in administrator.processes(host).items() if "ipykernel" in told}


def test_a_release_that_makes_no_backups_is_told_and_left_as_it_is(
    administrator: Administrator, site: Site, tmp_path: Path
) -> None:
    installed = {host: site.run(host, RELEASE) for host in site.hosts}
    said, _ = administrator.play("upgrade", fails=True, aen_backup_folder=str(tmp_path))
    assert "from before backups" in said
    assert "mongodump" in said
    assert not list(tmp_path.iterdir())
    assert {host: site.run(host, RELEASE) for host in site.hosts} == installed


def test_an_upgrade_from_the_first_release_loses_no_kernel(
    administrator: Administrator, site: Site, used: Used, record_property: Callable[[str, object], None]
) -> None:
    person = used.person
    installed = {host: site.run(host, RELEASE) for host in site.hosts}
    before = apps(administrator, STAYS)
    assert len(before) >= KERNELS
    _, took = administrator.play("upgrade", aen_upgrade_drain=True)
    assert not [host for host, release in installed.items() if site.run(host, RELEASE) == release], "as it was"
    after = apps(administrator, STAYS)
    assert before.items() <= after.items()
    used.assert_none_lost()
    assert Kernel(person, notebook(person, "after", FIRST)).run("6 * 7") == "42"
    record_property("seconds", round(took))


def test_an_upgrade_again_changes_nothing(administrator: Administrator) -> None:
    administrator.changes_nothing("upgrade")


def test_a_new_node_restarts_nothing_elsewhere(
    administrator: Administrator, site: Site, used: Used, record_property: Callable[[str, object], None]
) -> None:
    person = used.person
    person.call("DELETE", f"/projects/{person.name}/after")
    gone(person, f"/projects/{person.name}/after")
    administrator.play("remove_node", aen_node=FIRST)
    made_anew(site, FIRST)
    before = {host: administrator.processes(host) for host in (SERVER, GATEWAY, STAYS)}
    _, took = administrator.play("add_compute", aen_new_nodes=FIRST)
    record_property("seconds", round(took))
    for host, processes in before.items():
        after = administrator.processes(host)
        assert processes.items() <= after.items(), f"{host}: {set(processes.items()) - set(after.items())}"
    assert Kernel(person, notebook(person, "there", FIRST)).run("6 * 7") == "42"
    used.assert_none_lost()


def test_new_secrets_sign_nobody_out_and_stop_no_app(
    administrator: Administrator, site: Site, used: Used, record_property: Callable[[str, object], None]
) -> None:
    places = {
        SERVER: "/opt/wakari/wakari-server/etc/wakari/secret-key /opt/wakari/wakari-server/etc/wakari/mongodb-uri",
        GATEWAY: "/opt/wakari/wakari-gateway/etc/wakari/wk-gateway-config.json",
        STAYS: "/opt/wakari/wakari-compute/etc/wakari/node-key",
    }
    seen = [{host: site.run(host, f"sha256sum {files}") for host, files in places.items()}]
    running = apps(administrator, STAYS)
    for _ in range(2):
        _, took = administrator.play("rotate_secrets")
        record_property("seconds", round(took))
        seen.append({host: site.run(host, f"sha256sum {files}") for host, files in places.items()})
    for host in places:
        lines = [line for each in seen for line in each[host].splitlines()]
        assert len(set(lines)) == len(lines), f"{host}: a secret is as it was"
    assert running.items() <= apps(administrator, STAYS).items()
    used.assert_none_lost()  # with the token from before
    assert used.person.start(f"{used.person.name}/there")["state"] == "running"


def test_a_lost_server_comes_back_from_its_backup(
    administrator: Administrator,
    site: Site,
    used: Used,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    person, work = used.person, f"{used.person.name}/work"
    team_mate = site.new_account("mate")
    person.call("PUT", f"/projects/{work}/members/{team_mate.name}", {"role": "viewer"})
    settled(person)
    facl = f"getfacl -p -n /projects/{work}"
    rights, known = site.run(STAYS, facl), person.call("GET", f"/projects/{work}")
    folder = backed_up(administrator, tmp_path)
    began = time.monotonic()
    made_anew(site, SERVER)
    administrator.play("restore", aen_restore_folder=str(folder))
    record_property("seconds", round(time.monotonic() - began))
    # The tokens from before open the API: both go on with theirs. The administrator's password is the former too.
    again = person.call("GET", f"/projects/{work}")
    assert {key: again[key] for key in ALIKE} == {key: known[key] for key in ALIKE}
    assert team_mate.call("GET", f"/projects/{work}")["name"] == "work"
    assert site.admin().call("GET", f"/users/{person.name}")["uid"] > 0
    assert site.run(STAYS, facl) == rights
    used.assert_none_lost()
    assert person.start(f"{person.name}/there")["state"] == "running"


def test_a_lost_node_comes_back_with_its_projects(
    administrator: Administrator,
    site: Site,
    used: Used,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    person, there = used.person, f"{used.person.name}/there"
    told = f"cd /projects/{there} && cat kept.txt && stat -c '%u %g %a' kept.txt && getfacl -n . kept.txt"
    notebook_of_there = person.start(there)["urls"]["apps"]["notebook"]
    Kernel(person, notebook_of_there).run("open('kept.txt', 'w').write('of before')")
    before = site.run(FIRST, told)
    folder = backed_up(administrator, tmp_path, limit=f"{SERVER},{FIRST}", aen_backup_projects=True)
    began = time.monotonic()
    made_anew(site, FIRST)
    administrator.play("add_compute", aen_new_nodes=FIRST)
    restored = {"aen_restore_folder": str(folder), "aen_restore_projects": True}
    administrator.play("restore", limit=f"localhost,{FIRST}", **restored)
    record_property("seconds", round(time.monotonic() - began))
    person.call("POST", f"/projects/{there}/stop")
    person.wait(there, "stopped")
    person.start(there)
    assert site.run(FIRST, told) == before
    assert Kernel(person, notebook_of_there).run("print(open('kept.txt').read())") == "of before"
    used.assert_none_lost()


def test_a_report_of_drift_names_what_was_changed_by_hand_and_nothing_else(
    administrator: Administrator,
    site: Site,
    used: Used,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    person = used.person
    drifted = f"{person.name}/drifted"
    file = "/opt/wakari/wakari-compute/etc/wakari/wk-compute-launcher-config.json"
    # A node looks through a project's files soon after its start, and daily then: here not before they have changed.
    site.supervise(FIRST, "compute", "stop", "wk-compute-monitor")
    person.project("drifted", nodes=[FIRST])
    site.run(FIRST, f"chmod 600 /projects/{drifted}/Welcome.txt && chmod o+r {file}")
    site.supervise(FIRST, "compute", "start", "wk-compute-monitor")
    wait_until(lambda: any(one["wrong"] for one in site.admin().call("GET", "/permission-drift")["items"]), "no drift")
    _, took = administrator.play("drift", aen_drift_report=str(tmp_path / "drift"))
    record_property("seconds", round(took))
    said = json.loads((tmp_path / "drift.json").read_text())
    assert [(each["host"], each["what"], each["path"]) for each in said["hosts"]] == [(FIRST, "differs", file)]
    assert [(each["project"], each["node"], each["wrong"]) for each in said["projects"]] == [(drifted, FIRST, 1)]
    assert file in (tmp_path / "drift.md").read_text()
