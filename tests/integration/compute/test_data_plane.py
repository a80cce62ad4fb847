# SPDX-License-Identifier: GPL-3.0-or-later
"""The node's data plane: the role's NGINX configuration and Lua, a real app on a Unix socket behind it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.integration.compute import node as nodes
from tests.integration.compute.node import INSTANCE, Node
from wakari.core import tokens

pytestmark = pytest.mark.root


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with nodes.running() as running:
        yield running


@pytest.fixture
def app(node: Node) -> Iterator[None]:
    with nodes.app(node.apps / INSTANCE / "app.sock"):
        yield


def code_of(response: requests.Response) -> str:
    return str(response.json()["error"]["code"])


@pytest.mark.usefixtures("app")
def test_app_traffic_arrives_unchanged(node: Node) -> None:
    path = "/alice/p1/notebook/a%20b/%2Fx//y?z=1&u=%C3%BC"
    answer = node.get(path, node.headers(Cookie="_xsrf=1", Host="gateway1:8089")).json()
    assert answer["path"] == path
    assert answer["headers"]["Host"] == "gateway1:8089"
    assert answer["headers"]["X-Wakari-User"] == "alice"
    assert answer["headers"]["Cookie"] == "_xsrf=1"


@pytest.mark.usefixtures("app")
def test_tokens_do_not_reach_the_app(node: Node) -> None:
    headers = node.get("/a/p/notebook/", node.headers(Authorization="Bearer wk_secret")).json()["headers"]
    assert not {"X-Wakari-Gateway", "X-Wakari-App", "Authorization"} & set(headers)


@pytest.mark.usefixtures("app")
def test_connection_to_the_app_is_kept(node: Node) -> None:
    peers = {node.get("/a/p/notebook/", node.headers()).json()["peer"] for _ in range(5)}
    assert len(peers) == 1


@pytest.mark.usefixtures("app")
def test_large_body_passes(node: Node) -> None:
    body = b"x" * (8 << 20)
    response = requests.post(f"http://127.0.0.1:{node.port}/a/p/lab/", data=body, headers=node.headers(), timeout=20)
    assert response.json()["size"] == len(body)


@pytest.mark.usefixtures("app")
def test_upgraded_connection_passes_bytes_both_ways(node: Node) -> None:
    lines = [f"{key}: {value}" for key, value in node.headers(Upgrade="websocket", Connection="Upgrade").items()]
    with socket.create_connection(("127.0.0.1", node.port), 5) as connection:
        connection.sendall(("\r\n".join(["GET /a/p/lab/ws HTTP/1.1", "Host: g", *lines]) + "\r\n\r\n").encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 101")
        for message in (b"hello", b"again"):
            connection.sendall(message)
            assert connection.recv(4096) == message


@pytest.mark.usefixtures("app")
def test_request_without_the_gateways_token_is_refused(node: Node) -> None:
    bad: list[dict[str, str]] = [
        {},
        {"X-Wakari-Gateway": ""},
        {"X-Wakari-Gateway": node.token(audience="node:compute2")},
        {"X-Wakari-Gateway": node.token(issuer="gateway:dc2")},
        {"X-Wakari-Gateway": node.token(key=tokens.new_key())},
        {"Authorization": f"Bearer {node.token()}"},  # the right token in the wrong place
    ]
    for headers in bad:
        response = node.get("/a/p/notebook/", {"X-Wakari-App": INSTANCE, **headers})
        assert (response.status_code, code_of(response)) == (401, "token_invalid"), headers


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("instance", ["", "../../../tmp", INSTANCE + "0", INSTANCE.upper(), "0123456789abcdef012/"])
def test_instance_is_matched_exactly(node: Node, instance: str) -> None:
    response = node.get("/a/p/notebook/", node.headers(**{"X-Wakari-App": instance}))
    assert (response.status_code, code_of(response)) == (400, "instance_invalid")


def test_app_that_is_gone_is_said_in_a_way_the_gateway_understands(node: Node) -> None:
    response = node.get("/a/p/notebook/", node.headers(**{"X-Request-Id": "abcdefgh-1"}))
    assert (response.status_code, code_of(response)) == (503, "app_not_running")
    assert response.json()["error"]["request_id"] == "abcdefgh-1"


@pytest.mark.usefixtures("app")
def test_apps_own_502_is_its_own(node: Node) -> None:
    response = node.get("/a/p/notebook/own-502", node.headers())
    assert response.status_code == 502
    assert response.json()["path"] == "/a/p/notebook/own-502"


def test_control_path_asks_for_its_own_header(node: Node) -> None:
    assert node.get("/_wakari/v1/status", node.headers()).status_code == 401
    # Signed well: passed on, to a launcher that does not run here.
    signed = {"Authorization": f"Bearer {node.token()}"}
    assert node.get("/_wakari/v1/status", signed).status_code == 502


@pytest.mark.usefixtures("app")
def test_log_has_the_facts_and_no_secret(node: Node) -> None:
    node.get("/a/p/notebook/x?token=SECRET", node.headers(**{"X-Request-Id": "log-test-1"}))
    found: list[dict[str, Any]] = []
    deadline = time.monotonic() + 5
    while not found and time.monotonic() < deadline:
        found = [line for line in node.log() if line["request_id"] == "log-test-1"]
    assert (found[0]["path"], found[0]["status"], found[0]["instance"]) == ("/a/p/notebook/x", 200, INSTANCE)
    assert "SECRET" not in json.dumps(found)
