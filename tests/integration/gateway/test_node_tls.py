# SPDX-License-Identifier: GPL-3.0-or-later
"""Both data planes with TLS in a row: each checks the other before a byte of a request passes."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tests.authority import Authority, Certificate
from tests.integration.compute import node as nodes
from tests.integration.gateway.control_plane import ControlPlane, State
from tests.integration.gateway.proxy import Proxy, make_prefix

pytestmark = pytest.mark.root


@dataclass
class Chain:
    """A gateway and its node, both with certificates."""

    proxy: Proxy
    node: nodes.Node
    state: State
    authority: Path

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(
            f"https://127.0.0.1:{self.proxy.port}/alice/p/notebook{path}",
            headers={"Cookie": f"wk_gateway={self.state.cookie('alice')}", **headers},
            verify=str(self.authority),
            timeout=20,
        )


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="wakari-tls-", dir="/var/tmp"))
    folder.chmod(0o755)  # NGINX is another account
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def authority(place: Path) -> Authority:
    return Authority(place)


@contextmanager
def chain(gateway: Certificate, node: Certificate, name: str = "compute1") -> Iterator[Chain]:
    """Run a gateway and a node with these certificates; the gateway expects this name of the node."""
    prefix = make_prefix()
    with (
        nodes.running(node, "https://127.0.0.1:8089") as running,
        nodes.app(running.apps / nodes.INSTANCE / "app.sock"),
    ):
        state = State(running.port, node_key=running.key, node_tls=name, audience=f"gateway:{nodes.CLIENT}")
        control = ControlPlane(prefix / "var/run/wk-gateway.sock", state)
        proxy = Proxy(
            prefix,
            __aen_gateway_tls=True,
            __aen_gateway_certificate=gateway.certificate,
            __aen_gateway_certificate_key=gateway.key,
            __aen_gateway_node_authorities=gateway.authority,
        )
        state.external_url = f"https://127.0.0.1:{proxy.port}"
        state.levels["alice", "alice/p"] = "write"
        try:
            yield Chain(proxy, running, state, gateway.authority)
        finally:
            proxy.close()
            control.close()


@pytest.fixture(scope="module")
def good(authority: Authority) -> Iterator[Chain]:
    with chain(authority.issue("gateway", "127.0.0.1"), authority.issue("node", "compute1", "198.51.100.13")) as made:
        yield made


def test_requests_pass_unchanged_and_connections_are_kept(good: Chain) -> None:
    answers = [good.get("/a%20b//y?z=1").json() for _ in range(5)]
    assert answers[0]["path"] == "/alice/p/notebook/a%20b//y?z=1"
    assert answers[0]["headers"]["X-Forwarded-Proto"] == "https"
    assert len({answer["peer"] for answer in answers}) == 1


def test_a_large_body_passes(good: Chain) -> None:
    url = f"https://127.0.0.1:{good.proxy.port}/alice/p/notebook/upload"
    headers = {"Cookie": f"wk_gateway={good.state.cookie('alice')}", "Origin": good.state.external_url}
    answer = requests.post(url, data=bytes(16 << 20), headers=headers, verify=str(good.authority), timeout=60)
    assert answer.json()["size"] == 16 << 20


@contextmanager
def upgraded(chain: Chain) -> Iterator[ssl.SSLSocket]:
    """Open a WebSocket of alice's."""
    head = (
        f"GET /alice/p/notebook/ws HTTP/1.1\r\nHost: 127.0.0.1:{chain.proxy.port}\r\nConnection: Upgrade\r\n"
        f"Upgrade: websocket\r\nOrigin: {chain.state.external_url}\r\n"
        f"Cookie: wk_gateway={chain.state.cookie('alice')}\r\n\r\n"
    )
    context = ssl.create_default_context(cafile=str(chain.authority))
    with (
        socket.create_connection(("127.0.0.1", chain.proxy.port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as sock,
    ):
        sock.sendall(head.encode())
        assert sock.recv(65536).startswith(b"HTTP/1.1 101 ")
        yield sock


def test_a_websocket_passes_and_is_ended_with_its_grant(good: Chain) -> None:
    with upgraded(good) as sock:
        sock.sendall(b"6*7")
        assert sock.recv(100) == b"6*7"
        good.state.levels["alice", "alice/p"] = "none"
        try:
            with contextlib.suppress(ssl.SSLEOFError):  # ended under NGINX, which then says no goodbye
                assert sock.recv(100) == b""
        finally:
            good.state.levels["alice", "alice/p"] = "write"


def test_renewed_certificates_are_taken_up_and_an_open_websocket_stays(authority: Authority) -> None:
    def issue() -> tuple[Certificate, Certificate]:
        return authority.issue("renewed-gateway", "127.0.0.1"), authority.issue("renewed-node", "compute1")

    with chain(*issue()) as made, upgraded(made) as sock:
        ports = (made.proxy.port, made.node.port)
        before = [ssl.get_server_certificate(("127.0.0.1", port)) for port in ports]
        issue()  # into the same files
        made.node.reload()
        made.proxy.reload()
        deadline = time.monotonic() + 10
        for port, old in zip(ports, before, strict=True):
            while ssl.get_server_certificate(("127.0.0.1", port)) == old:
                assert time.monotonic() < deadline, "the old certificate is still shown"
                time.sleep(0.1)
        assert made.get("/").status_code == 200
        sock.sendall(b"6*7")
        assert sock.recv(100) == b"6*7"


@pytest.mark.parametrize("wrong", ["name", "authority", "over", "client's alone"])
def test_a_node_that_is_not_who_it_should_be_gets_nothing(authority: Authority, place: Path, wrong: str) -> None:
    node = {
        "name": lambda: authority.issue("node", "compute2"),
        "authority": lambda: Authority(place, "stranger").issue("node", "compute1"),
        "over": lambda: authority.issue("node", "compute1", days=-1),
        "client's alone": lambda: authority.issue("node", "compute1", uses=("client",)),
    }[wrong]()
    with chain(authority.issue("gateway", "127.0.0.1"), node) as made:
        answer = made.get("/")
        assert (answer.status_code, answer.json()["error"]["code"]) == (502, "node_away")
        assert made.node.log() == []


def test_the_node_refuses_another_gateway(authority: Authority) -> None:
    with chain(authority.issue("gateway", "localhost", "127.0.0.2"), authority.issue("node", "compute1")) as made:
        made.authority = authority.file
        answer = requests.get(
            f"https://localhost:{made.proxy.port}/alice/p/notebook/",
            headers={"Cookie": f"wk_gateway={made.state.cookie('alice')}"},
            verify=str(authority.file),
            timeout=20,
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "gateway_unproven")


def test_a_node_that_has_no_certificate_yet_is_still_reached(authority: Authority) -> None:
    prefix = make_prefix()
    gateway = authority.issue("gateway", "127.0.0.1")
    with nodes.running() as running, nodes.app(running.apps / nodes.INSTANCE / "app.sock"):
        state = State(running.port, node_key=running.key, audience=f"gateway:{nodes.CLIENT}")
        control = ControlPlane(prefix / "var/run/wk-gateway.sock", state)
        variables = {"__aen_gateway_certificate": gateway.certificate, "__aen_gateway_certificate_key": gateway.key}
        proxy = Proxy(prefix, __aen_gateway_tls=True, __aen_gateway_node_authorities=authority.file, **variables)
        state.levels["alice", "alice/p"] = "write"
        assert Chain(proxy, running, state, authority.file).get("/").status_code == 200
        proxy.close()
        control.close()
