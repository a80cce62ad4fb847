# SPDX-License-Identifier: GPL-3.0-or-later
"""A node whose cable is taken out: no refusal comes from it, only silence. The node runs in a network namespace."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import websocket

from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.control_plane import ControlPlane, State
from tests.integration.gateway.node import Node
from tests.integration.gateway.proxy import ROOT, Proxy, make_prefix
from tests.integration.gateway.test_decisions import PERSON
from tests.integration.gateway.test_websockets import connect, echo

pytestmark = pytest.mark.root

OURS, NODES, PORT = "198.18.0.1", "198.18.0.2", 5002  # RFC 2544: for measurements, nobody's
CONNECT = 3.0  # seconds (nginx.conf.j2)
SLOW = 20.0  # seconds more on a busy machine
WORST = 105.0  # seconds: a second wait of a minute would be 120


@dataclass
class Cable:
    """The one between the gateway and its node."""

    name: str

    def _set(self, state: str) -> None:
        command = ["ip", "-n", self.name, "link", "set", "node0", state]
        subprocess.run(command, check=True)

    def cut(self) -> None:
        self._set("down")

    def mend(self) -> None:
        self._set("up")


def listens() -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((NODES, PORT)) == 0


@pytest.fixture(scope="module")
def cable() -> Iterator[Cable]:
    name = f"wk-cut-{os.getpid()}"
    outer = f"wkcut{os.getpid() % 100000}"
    steps = [
        f"netns add {name}",
        f"link add {outer} type veth peer name node0 netns {name}",
        f"addr add {OURS}/30 dev {outer}",
        f"link set {outer} up",
        f"-n {name} addr add {NODES}/30 dev node0",
        f"-n {name} link set node0 up",
    ]
    try:
        for step in steps:
            subprocess.run(["ip", *step.split()], check=True)
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}/services:{ROOT}"}
        command = [
            "ip",
            "netns",
            "exec",
            name,
            sys.executable,
            "-m",
            "tests.integration.gateway.node",
            NODES,
            str(PORT),
        ]
        with subprocess.Popen(command, env=environment, cwd=ROOT) as process:
            deadline = time.monotonic() + 20
            while not listens():
                assert time.monotonic() < deadline
                time.sleep(0.1)
            yield Cable(name)
            process.terminate()
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False)  # the cable goes with it


@pytest.fixture(scope="module")
def away(cable: Cable) -> Iterator[Gateway]:
    prefix = make_prefix()
    state = State(node_port=PORT, node_host=NODES)
    control = ControlPlane(prefix / "var/run/wk-gateway.sock", state)
    proxy = Proxy(prefix)
    state.external_url = proxy.url
    unused = Node()
    gateway = Gateway(proxy, unused, state, "alice", "p1")
    gateway.grant("write")
    yield gateway
    cable.mend()
    proxy.close()
    control.close()
    unused.close()


def test_a_short_cut_ends_no_websocket(away: Gateway, cable: Cable) -> None:
    connection = connect(away)
    assert echo(connection, "before") == "before"
    cable.cut()
    time.sleep(5)
    connection.send("meanwhile")
    cable.mend()
    connection.settimeout(SLOW)
    assert connection.recv() == "meanwhile"
    connection.close()


def test_nobody_waits_longer_than_a_minute_and_all_comes_back(away: Gateway, cable: Cable) -> None:
    opened = [connect(away) for _ in range(50)]
    with ThreadPoolExecutor(20) as pool:
        assert {answer.status_code for answer in pool.map(lambda _: away.get(), range(40))} == {200}
        cable.cut()
        for number, connection in enumerate(opened):
            connection.send(str(number))
        began = time.monotonic()
        answers = list(pool.map(lambda _: away.get(timeout=WORST), range(20)))
    assert {answer.status_code for answer in answers} == {502}
    assert {answer.json()["error"]["code"] for answer in answers} == {"node_away"}
    assert time.monotonic() - began < WORST
    began = time.monotonic()
    page = away.get(headers={**away.headers, **PERSON}, timeout=SLOW)
    assert (page.status_code, page.text) == (502, "<html>page about node_away</html>")
    assert time.monotonic() - began < CONNECT * 2 + SLOW
    for connection in opened:
        connection.settimeout(WORST)
        with pytest.raises((websocket.WebSocketConnectionClosedException, ConnectionError)):
            connection.recv()
        connection.close()
    cable.mend()
    deadline = time.monotonic() + SLOW
    while away.get(timeout=SLOW).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    again = connect(away)
    assert echo(again, "after") == "after"
    again.close()
