# SPDX-License-Identifier: GPL-3.0-or-later
"""Header spoofing: a client that says who it is, where it comes from, or what the next hop shall drop."""

from __future__ import annotations

import socket

import pytest

from tests.integration.gateway.attacks.conftest import Path

pytestmark = pytest.mark.root

OURS = ["User", "Level", "App", "Gateway", "Credential", "Data-Plane", "Revoke", "Error", "Anything-Else"]
SPELLINGS = ["X-Wakari-{}", "x-wakari-{}", "X-WAKARI-{}", "X_Wakari_{}", "X-Wakari_{}", "X-Wakari-{} ", "\tX-Wakari-{}"]
FORWARDING = [
    "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-User",
    "X-Forwarded-Prefix", "X-Forwarded-Ssl", "X-Forwarded-Anything", "Forwarded", "X-Real-IP", "x_forwarded_for",
    "Proxy-Authorization", "Proxy-Connection", "Proxy",
]  # fmt: skip


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_who_somebody_is_the_gateway_says_alone(path: Path, name: str, spelling: str) -> None:
    line = spelling.format(name) + ": forged"
    for request in (path.head("GET", path.app + "/x", line), path.head("GET", path.app + "/x", line, line)):
        assert path.status(request + b"\r\n") in {200, 400}
    for seen in path.own.seen:
        assert "forged" not in str(seen)
        assert seen.values("x-wakari-user") == ["alice"]
        assert seen.values("x-wakari-level") == ["write"]
        assert seen.values("x-wakari-credential") == ["cookie"]
        # The node's own: which app, and the proof of the gateway. No app needs them.
        assert seen.values("x-wakari-app") == seen.values("x-wakari-gateway") == []


@pytest.mark.parametrize("name", FORWARDING)
def test_where_a_request_comes_from_the_gateway_says_alone(path: Path, name: str) -> None:
    lines = [f"{name}: 203.0.113.9", f"{name}: 203.0.113.9"]
    assert path.status(path.head("GET", path.app + "/x", *lines) + b"\r\n") == 200
    (seen,) = path.own.seen
    assert "203.0.113.9" not in str(seen) or name == "Proxy"
    assert seen.values("x-forwarded-for") == ["127.0.0.1"]
    assert seen.values("x-forwarded-host") == [path.proxy.host]
    assert seen.values("x-forwarded-proto") == ["http"]
    assert seen.values("x-real-ip") == ["127.0.0.1"]


@pytest.mark.parametrize(
    "named",
    ["X-Secret", "close, X-Secret", "X-Secret, keep-alive", "x-secret,x-wakari-user", "TE, X-Secret", "  X-Secret  "],
)
def test_what_connection_names_ends_at_the_gateway(path: Path, named: str) -> None:
    """RFC 9110, section 7.6.1. The gateway's own headers are not a client's to have dropped."""
    head = path.head("GET", path.app + "/x", f"Connection: {named}", "X-Secret: 1", "TE: trailers", close=False)
    assert path.status(head + b"Connection: close\r\n\r\n") == 200
    (seen,) = path.own.seen
    assert seen.values("x-secret") == seen.values("te") == seen.values("keep-alive") == []
    assert seen.values("x-wakari-user") == ["alice"]


@pytest.mark.parametrize(
    "name",
    ["X-Wakari-User", "X-Wakari-Level", "X-Wakari-App", "X-Wakari-Gateway", "X-Forwarded-For", "Host", "Origin",
     "Cookie", "Authorization", "Content-Length", "Transfer-Encoding"],
)  # fmt: skip
def test_connection_cannot_drop_what_decides(path: Path, name: str) -> None:
    head = path.head("POST", path.app + "/x", f"Connection: close, {name}", "Content-Length: 5", close=False)
    assert path.status(head + b"\r\nhello") == 200
    (seen,) = path.own.seen
    assert seen.body == b"hello"
    assert seen.values("host") == [path.proxy.host]
    assert seen.values("origin") == [path.proxy.url]
    assert seen.values("x-wakari-user") == ["alice"]
    assert seen.values("x-forwarded-for") == ["127.0.0.1"]


def test_credentials_of_the_gateway_reach_no_app(path: Path) -> None:
    request = path.head("GET", path.app + "/x", "Authorization: Basic YTpi", "Proxy-Authorization: Basic YTpi")
    assert path.status(request + b"\r\n") == 200
    (seen,) = path.own.seen
    assert "YTpi" not in str(seen)
    assert path.cookie.partition("=")[2] not in str(seen)


@pytest.mark.parametrize("upgrade", ["h2c", "TLS/1.0", "echo", "websocket, h2c", "websocket/13"])
def test_another_protocol_than_websocket_makes_no_tunnel(path: Path, upgrade: str) -> None:
    """An app that answers 101 to anything must not get a connection that nobody watches (h2c smuggling)."""
    lines = [f"Upgrade: {upgrade}", "Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"]
    answer = path.send(path.head("GET", path.app + "/x", *lines, "Connection: close", close=False) + b"\r\n")
    assert int(answer.split(b" ", 2)[1]) == 200
    (seen,) = path.own.seen
    assert seen.values("upgrade") == seen.values("http2-settings") == []


@pytest.mark.parametrize("lines", [(), ("Upgrade: h2c", "Connection: Upgrade")])
def test_an_app_that_answers_101_unasked_gets_no_tunnel(path: Path, lines: tuple[str, ...]) -> None:
    head = path.head("GET", path.app + "/always-101", *lines, close=False)
    with socket.create_connection(("127.0.0.1", path.proxy.port), timeout=10) as sock:
        sock.sendall(head + b"\r\n")
        assert sock.recv(65536).startswith(b"HTTP/1.1 502 ")
        sock.sendall(b"GET / through a tunnel\r\n\r\n")
        sock.settimeout(0.5)
        with pytest.raises(TimeoutError):
            sock.recv(65536)  # nothing comes back


def test_more_headers_than_are_read_are_refused(path: Path) -> None:
    """The hundred-and-first would not be looked at."""
    many = [f"X-A{number}: b" for number in range(100)]
    assert path.status(path.head("GET", path.app + "/x", *many, "X-Wakari-User: root") + b"\r\n") == 400
    assert path.own.seen == []
