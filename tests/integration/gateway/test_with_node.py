# SPDX-License-Identifier: GPL-3.0-or-later
"""Both data planes in a row: the gateway's NGINX, the compute node's NGINX, an app on its Unix socket."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.integration.compute import node as nodes
from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.control_plane import ControlPlane, State
from tests.integration.gateway.node import Node
from tests.integration.gateway.proxy import Proxy, make_prefix

pytestmark = pytest.mark.root


@pytest.fixture(scope="module")
def chain() -> Iterator[tuple[nodes.Node, Gateway]]:
    prefix = make_prefix()
    with nodes.running() as compute:
        state = State(node_port=compute.port, node_key=compute.key, audience=f"gateway:{nodes.CLIENT}")
        control = ControlPlane(prefix / "var/run/wk-gateway.sock", state)
        proxy = Proxy(prefix)
        state.external_url = proxy.url
        unused = Node()
        gateway = Gateway(proxy, unused, state, "alice", "p1")
        gateway.grant("write")
        yield compute, gateway
        proxy.close()
        control.close()
        unused.close()


def test_an_app_that_is_gone_is_opened_again(chain: tuple[nodes.Node, Gateway]) -> None:
    compute, gateway = chain
    answer = gateway.get()  # opened, the control plane says; but nothing listens on the app's socket
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "app_not_running")
    assert not [name for name in answer.headers if name.lower().startswith("x-wakari-")]
    opens = gateway.state.opens
    with nodes.app(compute.apps / nodes.INSTANCE / "app.sock"):
        assert gateway.get().status_code == 200
        assert gateway.get().status_code == 200
    assert gateway.state.opens == opens + 1


def test_a_request_passes_both_unchanged_and_without_credentials(chain: tuple[nodes.Node, Gateway]) -> None:
    compute, gateway = chain
    headers = {**gateway.headers, "Cookie": gateway.headers["Cookie"] + "; _xsrf=1", "X-Wakari-User": "root"}
    with nodes.app(compute.apps / nodes.INSTANCE / "app.sock"):
        answer = gateway.get("/a%20b//y?z=1", headers=headers).json()
    seen = {name.lower(): value for name, value in answer["headers"].items()}
    assert answer["path"] == "/alice/p1/notebook/a%20b//y?z=1"
    assert seen["x-wakari-user"] == "alice"
    assert seen["cookie"] == "_xsrf=1"
    assert seen["host"] == gateway.proxy.host
    assert not {"x-wakari-gateway", "x-wakari-app", "authorization"} & set(seen)


def test_an_upgrade_passes_both(chain: tuple[nodes.Node, Gateway]) -> None:
    compute, gateway = chain
    head = (
        f"GET {gateway.path}/ws HTTP/1.1\r\nHost: {gateway.proxy.host}\r\nConnection: keep-alive, Upgrade\r\n"
        f"Upgrade: websocket\r\nOrigin: {gateway.proxy.url}\r\nCookie: {gateway.headers['Cookie']}\r\n\r\n"
    )
    with (
        nodes.app(compute.apps / nodes.INSTANCE / "app.sock"),
        socket.create_connection(("127.0.0.1", gateway.proxy.port), timeout=10) as sock,
    ):
        sock.sendall(head.encode())
        assert sock.recv(65536).startswith(b"HTTP/1.1 101 ")
        sock.sendall(b"6*7")
        assert sock.recv(65536) == b"6*7"
