# SPDX-License-Identifier: GPL-3.0-or-later
"""What administrators do with a platform in use, one after the other on the same hosts: upgrade, add a node, restore.

In the order of the file: each needs what the one before left.
"""

from __future__ import annotations

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
ALIKE = ("members", "groups", "nodes", "owner", "public", "state", "environment", "limits")


def made_anew(site: Site, host: str) -> None:
    """Remove the host with its disk, and boot a fresh one of that name and address."""
    lab("down", host)
    lab("up", f"{host}={site.hosts[host]['address'].rsplit('.', 1)[1]}", "--memory", "3G")


def gone(person: Account, path: str, seconds: float = 120) -> None:
    """Return when the API knows it no more."""
    deadline = time.monotonic() + seconds
    while person.session.get(person.api + path, timeout=60).status_code != requests.codes.not_found:
        assert time.monotonic() < deadline, f"{path} is still there after {seconds} s"
        time.sleep(1)


def settled(person: Account, seconds: float = 120) -> None:
    """Return when none of the person's tasks waits or runs."""
    deadline = time.monotonic() + seconds
    while {task["state"] for task in person.call("GET", "/tasks")["items"]} & {"queued", "running"}:
        assert time.monotonic() < deadline, f"tasks still run after {seconds} s"
        time.sleep(1)


def lab(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "tools.hosts", *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@dataclass
class Used:
    """A platform in use: a person, four projects on the node that stays, twenty kernels with something to lose."""

    person: Account
    kernels: dict[str, tuple[str, str]]  # by id: the address of its app, and the word that it keeps

    @classmethod
    def of(cls, person: Account) -> Used:
        made = cls(person, {})
        for name in ("work", "more", "again", "last"):
            address = person.project(name, nodes=[STAYS])["urls"]["apps"]["notebook"]
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


def test_an_upgrade_from_the_first_release_loses_no_kernel(
    administrator: Administrator, used: Used, record_property: Callable[[str, object], None]
) -> None:
    person = used.person
    before = apps(administrator, STAYS)
    assert len(before) >= KERNELS
    _, took = administrator.play("upgrade", aen_upgrade_drain="true")
    after = apps(administrator, STAYS)
    assert before.items() <= after.items()
    used.assert_none_lost()
    other = person.project("after", nodes=[FIRST])
    assert Kernel(person, other["urls"]["apps"]["notebook"]).run("6 * 7") == "42"
    record_property("seconds", round(took))


def test_an_upgrade_again_changes_nothing(administrator: Administrator) -> None:
    said, _ = administrator.play("upgrade")
    assert all("changed=0" in line for line in said.splitlines() if " ok=" in line), said[-2000:]


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
    there = person.project("there", nodes=[FIRST])
    assert Kernel(person, there["urls"]["apps"]["notebook"]).run("6 * 7") == "42"
    used.assert_none_lost()


def test_new_secrets_sign_nobody_out_and_stop_no_app(administrator: Administrator, site: Site, used: Used) -> None:
    places = {
        SERVER: "/opt/wakari/wakari-server/etc/wakari/secret-key /opt/wakari/wakari-server/etc/wakari/mongodb-uri",
        GATEWAY: "/opt/wakari/wakari-gateway/etc/wakari/wk-gateway-config.json",
        STAYS: "/opt/wakari/wakari-compute/etc/wakari/node-key",
    }
    seen = [{host: site.run(host, f"sha256sum {files}") for host, files in places.items()}]
    running = apps(administrator, STAYS)
    for _ in range(2):
        administrator.play("rotate_secrets")
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
    administrator.play("backup", aen_backup_folder=str(tmp_path))
    (folder,) = tmp_path.iterdir()
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
