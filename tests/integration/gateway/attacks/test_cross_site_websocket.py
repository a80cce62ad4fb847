# SPDX-License-Identifier: GPL-3.0-or-later
"""Cross-site WebSocket hijacking: a page of another site that opens a kernel's channel with the person's cookie."""

from __future__ import annotations

import socket

import pytest

from tests.integration.gateway.attacks.conftest import Path

pytestmark = pytest.mark.root

ORIGINS = [
    None,
    "",
    "null",
    "http://evil.example.org",
    "http://{host}.evil.example.org",
    "http://evil.{host}",
    "http://evil.example.org/{url}",
    "http://evil.example.org#{host}",
    "http://user@{host}",
    "http://{host}@evil.example.org",
    "http://{host}/",
    "http://{host}, http://evil.example.org",
    "https://{host}",
    "ws://{host}",
    "//{host}",
    "{host}",
    "http://{name}",
    "http://{name}:{next}",
    "http://localhost:{port}",
    "http://{name}.:{port}",
    "HTTP://{host}",
    "file://",
]
KEY = ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13")


def upgrade(path: Path, *lines: str, target: str = "") -> bytes:
    """Return the answer to an upgrade whose Origin, where it has one, is in `lines`."""
    head = path.head("GET", target or path.app + "/ws", "Connection: Upgrade, close", *KEY, close=False)
    head = head.replace(f"Origin: {path.proxy.url}\r\n".encode(), b"", 1)
    return path.send(head + "".join(f"{line}\r\n" for line in lines).encode() + b"\r\n")


@pytest.mark.parametrize("origin", ORIGINS)
@pytest.mark.parametrize("protocol", ["websocket", "WebSocket"])
def test_an_origin_that_is_not_this_gateway_opens_nothing(path: Path, origin: str | None, protocol: str) -> None:
    name, _, port = path.proxy.host.partition(":")
    places = {"host": path.proxy.host, "url": path.proxy.url, "name": name, "port": port, "next": int(port) + 1}
    origin_line = [] if origin is None else [f"Origin: {origin.format(**places)}"]
    answer = upgrade(path, f"Upgrade: {protocol}", *origin_line)
    assert int(answer.split(b" ", 2)[1]) == 403
    assert path.own.seen == []


@pytest.mark.parametrize(
    "lines",
    [
        ["Origin: {url}", "Origin: http://evil.example.org"],
        ["Origin: http://evil.example.org", "Origin: {url}"],
        ["Origin: {url}", "Origin: {url}"],
    ],
)
def test_two_origins_are_refused(path: Path, lines: list[str]) -> None:
    given = [line.format(url=path.proxy.url) for line in lines]
    answer = upgrade(path, "Upgrade: websocket", *given)
    assert int(answer.split(b" ", 2)[1]) == 400
    assert path.own.seen == []


@pytest.mark.parametrize("host", ["evil.example.org", "{name}:1", "{name}", "{host}.", "user@{host}"])
def test_a_forged_host_does_not_make_the_origin_ours(path: Path, host: str) -> None:
    """A browser cannot forge Host; rebinding a name to our address makes it one that no session cookie belongs to."""
    name = path.proxy.host.partition(":")[0]
    own = path.head("GET", path.app + "/ws", "Connection: Upgrade, close", "Upgrade: websocket", *KEY, close=False)
    forged = host.format(host=path.proxy.host, name=name)
    answer = path.send(own.replace(f"Host: {path.proxy.host}".encode(), f"Host: {forged}".encode()) + b"\r\n")
    assert int(answer.split(b" ", 2)[1]) in {400, 403}
    assert path.own.seen == []


def test_the_gateways_own_page_opens_one(path: Path) -> None:
    head = path.head(
        "GET", path.app + "/ws", "Connection: keep-alive, Upgrade", "Upgrade: websocket", *KEY, close=False
    )
    with socket.create_connection(("127.0.0.1", path.proxy.port), timeout=10) as sock:
        sock.sendall(head + b"\r\n")
        assert sock.recv(65536).startswith(b"HTTP/1.1 101 ")
        sock.sendall(b"6*7")
        assert sock.recv(65536) == b"6*7"
    (seen,) = path.own.seen
    assert seen.values("origin") == [path.proxy.url]


def test_nothing_is_opened_in_the_other_project(path: Path) -> None:
    answer = upgrade(path, "Upgrade: websocket", f"Origin: {path.proxy.url}", target=path.forbidden + "/ws")
    assert int(answer.split(b" ", 2)[1]) == 404
