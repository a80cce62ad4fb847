# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running kernel outlives: each part of the platform between it and the person."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.functional.platform import Account, Kernel, Site

pytestmark = [pytest.mark.platform, pytest.mark.alone]

LAUNCHER = "/opt/wakari/wakari-compute/var/run/wk-compute.sock"


@pytest.fixture(scope="module")
def person(site: Site) -> Account:
    return site.new_account("stays")


@pytest.fixture(scope="module")
def project(person: Account) -> dict[str, Any]:
    return person.project("longrun")


@pytest.fixture
def kernel(person: Account, project: dict[str, Any]) -> Kernel:
    kernel = Kernel(person, project["urls"]["apps"]["notebook"])
    kernel.run("x = 41")
    return kernel


def gateway_of(site: Site, project: dict[str, Any]) -> str:
    return site.host_at(project["urls"]["apps"]["notebook"])


def retried(command: str) -> str:
    return f"for i in $(seq 300); do {command} && exit 0; sleep .1; done; exit 1"


def kill(site: Site, host: str, tier: str, program: str, *, alone: bool = False) -> None:
    """Kill a program with all its processes, or its first one `alone`, and wait until it runs again."""
    site.run(host, f"kill -s KILL -- {'' if alone else '-'}{site.supervise(host, tier, 'pid', program)}")
    deadline = time.monotonic() + 30
    while "RUNNING" not in site.supervise(host, tier, "status", program, check=False):
        assert time.monotonic() < deadline, f"{host}: {program} does not run again"


def test_the_launcher_killed(site: Site, project: dict[str, Any], kernel: Kernel) -> None:
    kill(site, project["nodes"][0], "compute", "wk-compute")
    assert kernel.run("x + 1") == "42"


def test_the_compute_service_restarted(site: Site, person: Account, project: dict[str, Any], kernel: Kernel) -> None:
    site.run(project["nodes"][0], "service wakari-compute restart")
    again = Kernel.attach(person, project["urls"]["apps"]["notebook"], kernel.id)
    assert again.run("x + 1") == "42"


def test_the_gateway_control_plane_killed(site: Site, project: dict[str, Any], kernel: Kernel) -> None:
    kill(site, gateway_of(site, project), "gateway", "wk-gateway")
    assert kernel.run("x + 1") == "42"


def test_the_gateway_restarted(site: Site, person: Account, project: dict[str, Any], kernel: Kernel) -> None:
    health = project["urls"]["apps"]["notebook"].split("/", 3)[:3]
    gateway = gateway_of(site, project)
    site.run(gateway, "service wakari-gateway restart")
    site.run(gateway, retried(f"curl -fsS -o /dev/null {'/'.join(health)}/_wakari/health"))
    again = Kernel.attach(person, project["urls"]["apps"]["notebook"], kernel.id)
    assert again.run("x + 1") == "42"


@contextmanager
def held_up(site: Site, node: str, project: str) -> Iterator[None]:
    """Let a start of the project wait for its lock on the node during the block, as behind a long change."""
    lock = f"/run/wakari/locks/project.{project.replace('/', '.')}.lock"
    holder = site.run(node, f"setsid flock {lock} sleep 300 > /dev/null 2>&1 < /dev/null & echo $!")
    site.run(node, retried(f"! flock --nonblock {lock} true"))
    try:
        yield
    finally:
        site.run(node, f"kill -s KILL -- -{holder}")


def started(person: Account, name: str, node: str) -> str:
    """Return the task of the first start of a new project on the node."""
    center = person.call("GET", f"/projects/{person.name}/longrun")["data_center"]
    person.call("POST", "/projects", {"name": name, "data_center": center, "nodes": [node]})
    return str(person.call("POST", f"/projects/{person.name}/{name}/start")["id"])


def goes_on(person: Account, name: str, task: str) -> dict[str, Any]:
    """Return the task once its project runs and its kernel answers."""
    person.wait(f"{person.name}/{name}", "running")
    ended: dict[str, Any] = person.call("GET", f"/tasks/{task}")
    assert ended["state"] == "done"
    opened = Kernel(person, person.call("GET", f"/projects/{person.name}/{name}")["urls"]["apps"]["notebook"])
    assert opened.run("6 * 7") == "42"
    return ended


def test_a_start_goes_on_where_the_launcher_is_killed_in_the_middle(
    site: Site, person: Account, project: dict[str, Any]
) -> None:
    node = project["nodes"][0]
    with held_up(site, node, f"{person.name}/killed"):
        task = started(person, "killed", node)
        deadline = time.monotonic() + 60
        while "Waiting for another change" not in str(person.call("GET", f"/tasks/{task}")["progress"]):
            assert time.monotonic() < deadline, person.call("GET", f"/tasks/{task}")
            time.sleep(0.2)
        kill(site, node, "compute", "wk-compute")
    assert goes_on(person, "killed", task)["attempts"] > 1


def test_a_start_goes_on_where_the_service_is_restarted_in_the_middle(
    site: Site, person: Account, project: dict[str, Any]
) -> None:
    node = project["nodes"][0]
    task = started(person, "restarted", node)
    site.run(node, retried(f"test -d /projects/{person.name}/restarted/envs"))  # at its longest step, or behind it
    site.run(node, "service wakari-compute restart")
    launcher = f"--unix-socket {LAUNCHER} http://launcher/"
    site.run(node, retried(f"curl -s -o /dev/null {launcher}"))
    goes_on(person, "restarted", task)


def test_the_server_stopped_for_a_while(site: Site, kernel: Kernel) -> None:
    site.run("server", "service wakari-server stop")
    try:
        assert kernel.run("import time; time.sleep(3); x + 1") == "42"
        assert kernel.run("x + 2") == "43"
    finally:
        site.run("server", "service wakari-server start")
        site.run(
            "server",
            "for i in $(seq 60); do curl -fsS http://127.0.0.1/_wakari/health && exit 0; sleep 1; done; exit 1",
        )
