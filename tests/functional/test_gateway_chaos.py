# SPDX-License-Identifier: GPL-3.0-or-later
"""Fifty clients hold kernels while parts of the platform are stopped and killed on their hosts: all comes back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
import websocket

from tests.functional.platform import Account, Kernel, Site
from tests.functional.test_survival import gateway_of, kill, retried

pytestmark = [pytest.mark.platform, pytest.mark.alone]

CLIENTS = 50
LONGEST = 15.0  # seconds an answer may take while a part is away
BACK = 60.0  # seconds until all is as before, on a busy machine


@pytest.fixture(scope="module")
def person(site: Site) -> Account:
    return site.new_account("crowd")


@pytest.fixture(scope="module")
def project(person: Account) -> dict[str, Any]:
    return person.project("crowd")


@pytest.fixture
def clients(person: Account, project: dict[str, Any]) -> list[Kernel]:
    """Return fifty connections to one kernel, which keeps what each wrote."""
    notebook = project["urls"]["apps"]["notebook"]
    first = Kernel(person, notebook)
    first.run("seen = set()")
    return [first, *(Kernel.attach(person, notebook, first.id) for _ in range(CLIENTS - 1))]


def all_go_on(clients: list[Kernel]) -> None:
    """Have each client run something in the kernel over the connection it opened at the beginning."""
    for number, kernel in enumerate(clients):
        assert kernel.run(f"seen.add({number}); len(seen)") == str(number + 1)
    clients[0].run("seen.clear()")


def ask(address: str, account: Account) -> tuple[int, str]:
    """Return status and error code of a request."""
    answer = account.session.get(address + "api/status", timeout=LONGEST)
    return answer.status_code, "" if answer.ok else answer.json()["error"]["code"]


def soon(good: Callable[[], bool]) -> None:
    deadline = time.monotonic() + BACK
    while not good():
        assert time.monotonic() < deadline
        time.sleep(0.5)


def host_of(site: Site, tier: str) -> str:
    return next(name for name, host in site.hosts.items() if f"aen_{tier}" in host["group"])


@pytest.mark.parametrize("unit", ["wakari-server", "wakari-mongod"])
def test_who_is_inside_goes_on_while_the_server_is_away(
    site: Site, person: Account, project: dict[str, Any], clients: list[Kernel], unit: str
) -> None:
    notebook = project["urls"]["apps"]["notebook"]
    newcomer = site.new_account("new")
    host = host_of(site, "server")
    site.run(host, f"systemctl stop {unit}")
    try:
        time.sleep(2)
        all_go_on(clients)
        assert ask(notebook, person) == (200, "")
        assert ask(notebook, newcomer)[0] == 503
    finally:
        site.run(host, f"systemctl start {unit}")
    soon(lambda: ask(notebook, newcomer) == (404, "project_not_found"))
    assert ask(notebook, person) == (200, "")
    all_go_on(clients)


@pytest.mark.parametrize("program", ["wk-gateway", "wk-gateway-proxy"])
def test_kernels_outlive_a_killed_program_of_the_gateway(
    site: Site, person: Account, project: dict[str, Any], clients: list[Kernel], program: str
) -> None:
    alone = program == "wk-gateway-proxy"  # the workers of NGINX hold the connections
    kill(site, gateway_of(site, project), "gateway", program, alone=alone)
    all_go_on(clients)
    soon(lambda: answers(project["urls"]["apps"]["notebook"], person))


def answers(address: str, account: Account) -> bool:
    """Return whether it answers as it should; not where nothing listens yet."""
    try:
        return ask(address, account) == (200, "")
    except requests.ConnectionError:
        return False


def test_a_killed_worker_ends_its_own_connections_alone_and_at_once(
    site: Site, person: Account, project: dict[str, Any], clients: list[Kernel]
) -> None:
    gateway = gateway_of(site, project)
    pid_file = "/opt/wakari/wakari-gateway/var/run/wk-gateway-proxy.pid"
    site.run(gateway, f"kill -9 $(pgrep -P $(cat {pid_file}) | head -1)")
    notebook = project["urls"]["apps"]["notebook"]
    soon(lambda: answers(notebook, person))
    ended = 0
    for kernel in clients:
        try:
            kernel.run("1")
        except (websocket.WebSocketException, OSError):
            ended += 1
    assert ended > 0
    again = Kernel.attach(person, notebook, clients[0].id)
    assert again.run("6 * 7") == "42"


def test_kernels_outlive_a_reload(site: Site, project: dict[str, Any], clients: list[Kernel]) -> None:
    gateway = gateway_of(site, project)
    pid_file = "/opt/wakari/wakari-gateway/var/run/wk-gateway-proxy.pid"
    clients[0].socket.settimeout(60)
    before = site.run(gateway, f"pgrep -P $(cat {pid_file})").split()
    site.run(gateway, f"kill -HUP $(cat {pid_file})")
    site.run(gateway, retried(f'test "$(pgrep -P $(cat {pid_file}) | grep -vxc -e {" -e ".join(before)})" -gt 0'))
    all_go_on(clients)
