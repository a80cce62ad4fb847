# SPDX-License-Identifier: GPL-3.0-or-later
"""WebSockets: who may open one, what passes, and that one whose grant ends is closed within two seconds."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest
import websocket

from tests.integration.gateway.conftest import Gateway

MOST = 2.0  # seconds from the end of a grant to the closed socket (docs/architecture.md, "One access model")


def connect(gateway: Gateway, path: str = "/api/kernels/1/channels", **options: object) -> websocket.WebSocket:
    given = {"header": gateway.headers, "origin": gateway.proxy.url, "timeout": 10, **options}
    return websocket.create_connection(f"ws://{gateway.proxy.host}{gateway.path}{path}", **given)


def echo(connection: websocket.WebSocket, message: str) -> str:
    connection.send(message)
    return str(connection.recv())


def test_messages_pass_both_ways(gateway: Gateway) -> None:
    connection = connect(gateway)
    assert echo(connection, "6*7") == "6*7"
    block = os.urandom(1 << 20)
    connection.send_binary(block)
    assert connection.recv() == block
    connection.close()
    assert gateway.node.closed.acquire(timeout=5)
    seen = dict(gateway.node.seen[-1]["headers"])
    assert seen["x-wakari-user"] == gateway.user
    assert "cookie" not in seen
    assert seen["origin"] == gateway.proxy.url
    assert seen["host"] == gateway.proxy.host


def test_the_answer_to_an_upgrade_sets_no_cookie_of_the_gateway(gateway: Gateway) -> None:
    connection = connect(gateway)
    assert "set-cookie" not in connection.getheaders()
    assert connection.getheaders()["x-request-id"]
    connection.close()


def test_forged_identity_does_not_pass_an_upgrade(gateway: Gateway) -> None:
    forged = {**gateway.headers, "X-Wakari-User": "root", "X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9"}
    connect(gateway, header=forged).close()
    seen = gateway.node.seen[-1]["headers"]
    assert [value for name, value in seen if name == "x-wakari-user"] == [gateway.user]
    assert "203.0.113.9" not in str(seen)


@pytest.mark.parametrize(
    "origin", ["http://evil.example.org", "null", "https://{host}", "http://{host}.evil.example.org", None]
)
def test_another_site_cannot_open_one_with_a_persons_cookie(gateway: Gateway, origin: str | None) -> None:
    options: dict[str, object] = (
        {"suppress_origin": True} if origin is None else {"origin": origin.format(host=gateway.proxy.host)}
    )
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        connect(gateway, **options)
    assert caught.value.status_code == 403
    assert gateway.node.seen == []


def test_an_api_token_needs_no_origin(gateway: Gateway) -> None:
    token = f"wk_{gateway.user}"
    gateway.state.levels[token, f"{gateway.user}/{gateway.project}"] = "write"
    connection = connect(gateway, header={"Authorization": f"Bearer {token}"}, suppress_origin=True)
    assert echo(connection, "hello") == "hello"
    connection.close()


def test_without_a_grant_none_is_opened(gateway: Gateway) -> None:
    gateway.grant("read")  # the app needs write
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        connect(gateway)
    assert caught.value.status_code == 403
    assert gateway.node.seen == []


def test_a_refusal_of_the_app_is_passed_on(gateway: Gateway) -> None:
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        connect(gateway, "/refused")
    assert caught.value.status_code == 404
    assert caught.value.resp_body == b"no such kernel"


def _ended(gateway: Gateway) -> None:
    gateway.state.ended.add(f"sid-{gateway.user}")


def _lowered(gateway: Gateway) -> None:
    gateway.grant("read")


def _removed(gateway: Gateway) -> None:
    gateway.grant("none")


def _stopped(gateway: Gateway) -> None:
    gateway.state.project_state = "stopping"


@pytest.mark.parametrize("end", [_removed, _lowered, _ended, _stopped])
def test_one_whose_grant_ends_is_closed_within_two_seconds(gateway: Gateway, end: Callable[[Gateway], None]) -> None:
    took = []
    for wait in (0.0, 0.35, 0.7):  # at different times of the decision's second
        gateway.grant("write")
        gateway.state.ended.clear()
        gateway.state.project_state = "running"
        time.sleep(1.1)
        connection = connect(gateway)
        assert echo(connection, "x") == "x"
        time.sleep(wait)
        start = time.monotonic()
        end(gateway)
        with pytest.raises((websocket.WebSocketConnectionClosedException, ConnectionError)):
            connection.recv()
        took.append(time.monotonic() - start)
        assert gateway.node.closed.acquire(timeout=5)  # the node's side is closed too
    assert max(took) < MOST, took


def test_sign_out_closes_it_and_refuses_the_cookie(gateway: Gateway) -> None:
    headers = {"Cookie": f"wk_gateway={gateway.state.cookie(gateway.user, jti='jti-1')}"}
    connection = connect(gateway, header=headers)
    start = time.monotonic()
    answer = gateway.request("POST", "/_wakari/logout", headers={**headers, "Origin": gateway.proxy.url})
    assert answer.status_code == 200
    assert "X-Wakari-Revoke" not in answer.headers
    with pytest.raises((websocket.WebSocketConnectionClosedException, ConnectionError)):
        connection.recv()
    assert time.monotonic() - start < MOST
    assert gateway.get(headers=headers).status_code == 401


def test_it_outlives_a_reload_and_a_killed_master(gateway: Gateway) -> None:
    connection = connect(gateway)
    gateway.proxy.reload()
    time.sleep(1.0)
    assert echo(connection, "after the reload") == "after the reload"
    gateway.proxy.restart_after_kill()
    assert gateway.get().status_code == 200
    assert echo(connection, "after the kill") == "after the kill"
    start = time.monotonic()
    gateway.grant("none")
    with pytest.raises((websocket.WebSocketConnectionClosedException, ConnectionError)):
        connection.recv()
    assert time.monotonic() - start < MOST
