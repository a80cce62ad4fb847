# SPDX-License-Identifier: GPL-3.0-or-later
"""The data plane with TLS, as the role renders it: the same rules, and nothing in the clear."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import websocket

from tests.integration.gateway.control_plane import ControlPlane, State
from tests.integration.gateway.node import Node
from tests.integration.gateway.proxy import NOBODY, Proxy, make_prefix


@dataclass
class Secure:
    """A gateway that speaks TLS, and the authority that vouches for it."""

    proxy: Proxy
    node: Node
    state: State
    authority: Path

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.proxy.port}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": f"wk_gateway={self.state.cookie('alice')}"}

    def get(self, path: str, **options: object) -> requests.Response:
        return requests.get(self.url + path, verify=str(self.authority), timeout=20, **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def secure() -> Iterator[Secure]:
    prefix = make_prefix()
    certificate, key = prefix / "etc/gateway.crt", prefix / "etc/gateway.key"
    subprocess.run(
        [
            *(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
            ),
            *("-subj", "/CN=gateway", "-addext", "subjectAltName=IP:127.0.0.1", "-out", certificate, "-keyout", key),
        ],
        check=True,
        capture_output=True,
    )
    if os.geteuid() == 0:
        os.chown(key, 0, NOBODY)
        key.chmod(0o640)  # as the role leaves it: the service account reads it by its group
    node = Node()
    state = State(node_port=node.server_port)
    control = ControlPlane(prefix / "var/run/wk-gateway.sock", state)
    variables = {
        "__aen_gateway_certificate": certificate,
        "__aen_gateway_certificate_key": key,
        "__aen_gateway_node_authorities": certificate,
    }
    proxy = Proxy(prefix, __aen_gateway_tls=True, **variables)
    made = Secure(proxy, node, state, certificate)
    state.external_url = made.url
    state.levels["alice", "alice/p"] = "write"
    yield made
    proxy.close()
    control.close()
    node.close()


def test_an_app_is_reached_and_told_that_it_was_over_tls(secure: Secure) -> None:
    answer = secure.get("/alice/p/notebook/x", headers=secure.headers)
    assert answer.status_code == 200
    seen = dict(answer.json()["headers"])
    assert (seen["x-forwarded-proto"], seen["host"]) == ("https", f"127.0.0.1:{secure.proxy.port}")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


@pytest.mark.parametrize("path", ["/_wakari/health", "/alice/p/notebook/", "/nothing"])
def test_our_own_answers_keep_browsers_on_tls(secure: Secure, path: str) -> None:
    assert secure.get(path).headers["Strict-Transport-Security"] == "max-age=31536000"


def test_plain_http_is_sent_on_without_being_answered(secure: Secure) -> None:
    plain = f"http://127.0.0.1:{secure.proxy.port}"
    secure.node.seen.clear()
    for method in ("GET", "POST"):
        path = "/alice/p/notebook/x?y=1"
        answer = requests.request(
            method, plain + path, headers=secure.headers, allow_redirects=False, timeout=20, data="z"
        )
        assert (answer.status_code, answer.headers["Location"]) == (308, secure.url + path)
    assert secure.node.seen == []


def connect(secure: Secure, origin: str) -> websocket.WebSocket:
    return websocket.create_connection(
        secure.url.replace("https", "wss") + "/alice/p/notebook/ws",
        header=secure.headers,
        origin=origin,
        timeout=10,
        sslopt={"ca_certs": str(secure.authority)},
    )


def test_a_websocket_passes_and_is_closed_when_its_grant_ends(secure: Secure) -> None:
    connection = connect(secure, secure.url)
    connection.send("6*7")
    assert connection.recv() == "6*7"
    secure.state.levels["alice", "alice/p"] = "none"
    start = time.monotonic()
    try:
        with pytest.raises((websocket.WebSocketConnectionClosedException, OSError)):
            connection.recv()
        assert time.monotonic() - start < 5
    finally:
        secure.state.levels["alice", "alice/p"] = "write"
        time.sleep(1.1)


def test_the_same_address_without_tls_is_another_origin(secure: Secure) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        connect(secure, secure.url.replace("https", "http"))
