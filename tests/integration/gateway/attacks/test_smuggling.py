# SPDX-License-Identifier: GPL-3.0-or-later
"""Request smuggling (RFC 9112, section 11.2): one request that a second reader would take for two."""

from __future__ import annotations

import json
import re
import socket

import pytest

from tests.integration.gateway.attacks.conftest import Path

pytestmark = pytest.mark.root

# What a second reader would take for a request of its own.
INNER = "GET /alice/p10/notebook/smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
REFUSED = {400, 405, 411, 413, 414, 501, 505}

# Framing that must be refused: lines after the head, then what follows.
FRAMING = {
    "CL.TE": ("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\nG"),
    "CL.TE with a request": ("Content-Length: 62\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + INNER),
    "TE.CL": ("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", f"{len(INNER):x}\r\n{INNER}\r\n0\r\n\r\n"),
    "TE.TE": ("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n", "0\r\n\r\n" + INNER),
    "TE twice": ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + INNER),
    "TE of an unknown coding": ("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n" + INNER),
    "TE identity": ("Transfer-Encoding: identity\r\n", INNER),
    "TE list": ("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n" + INNER),
    "TE list, other order": ("Transfer-Encoding: identity, chunked\r\n", "0\r\n\r\n" + INNER),
    "TE after a space": ("Transfer-Encoding : chunked\r\n", "0\r\n\r\n" + INNER),
    "TE after a tab": ("Transfer-Encoding:\tchunked\r\n", "0\r\n\r\n" + INNER),
    "TE after a vertical tab": ("Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n" + INNER),
    "TE folded": ("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n" + INNER),
    "TE in a folded line": ("X-A: b\r\n Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n" + INNER),
    "TE behind a bare LF": ("X-A: b\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n" + INNER),
    "TE behind a bare CR": ("X-A: b\rTransfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n" + INNER),
    "TE in quotes": ('Transfer-Encoding: "chunked"\r\n', "0\r\n\r\n" + INNER),
    "a folded line": ("X-A: b\r\n\tc\r\n", ""),
    "a bare LF": ("X-A: b\nX-B: c\r\n", ""),
    "a bare LF before spaces": ("X-A: b\n \tX-B: c\r\n", ""),
    "a bare LF at the end": ("Content-Length: 0\r\nX-A: b\n", INNER),
    "a NUL": ("X-A: b\x00c\r\n", ""),
    "a space before the colon": ("Content-Length : 5\r\n", "hello"),
    "CL twice": ("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"),
    "CL twice, the same": ("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"),
    "CL list": ("Content-Length: 5, 5\r\n", "hello"),
    "CL with a sign": ("Content-Length: +5\r\n", "hello"),
    "CL negative": ("Content-Length: -1\r\n", INNER),
    "CL in hexadecimal": ("Content-Length: 0x5\r\n", "hello"),
    "CL with a space inside": ("Content-Length: 5 0\r\n", "hello"),
    "CL too large": ("Content-Length: 99999999999999999999\r\n", INNER),
    "CL behind a bare LF": ("X-A: b\nContent-Length: 0\r\nContent-Length: 5\r\n", "hello"),
    "Host twice": ("Host: other.example.org\r\n", ""),
    "a chunk's size too large": ("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\n" + INNER),
    "a chunk's size negative": ("Transfer-Encoding: chunked\r\n", "-1\r\n" + INNER),
    "a chunk's size with 0x": ("Transfer-Encoding: chunked\r\n", "0x5\r\nhello\r\n0\r\n\r\n"),
    "a chunk without its end": ("Transfer-Encoding: chunked\r\n", "5\r\nhello0\r\n\r\n"),
    "an upgrade with a body": ("Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 5\r\n", "hello"),
}


@pytest.mark.parametrize("name", FRAMING)
@pytest.mark.parametrize("close", [True, False])
def test_framing_that_can_be_read_in_two_ways_is_refused_and_the_connection_closed(
    path: Path, name: str, *, close: bool
) -> None:
    lines, rest = FRAMING[name]
    close = close and "Connection" not in lines
    request = path.head("POST", path.app + "/api", close=close) + lines.encode("latin-1") + b"\r\n" + rest.encode()
    answer = path.send(request)  # ends: the connection is closed though nobody asked for it
    assert int(answer.split(b" ", 2)[1]) in REFUSED, answer
    assert answer.count(b"HTTP/1.1 ") == 1, "what followed was taken for a request"
    assert not [seen for seen in path.own.seen if seen.body != b""]


@pytest.mark.parametrize("line", ["X-A: b ", "X-A: b \t ", "X-A:  b", "X-A: ", "X-A:", "X-A:\tb", "X-A: b: c "])
def test_spaces_around_a_value_are_no_part_of_it(path: Path, line: str) -> None:
    """RFC 9112, section 5: they may stand there."""
    assert path.status(path.head("GET", path.app + "/x", line, line) + b"\r\n") == 200
    assert {value.strip() for value in path.own.seen[0].values("x-a")} <= {"b", "b: c", ""}


BODIES = {
    "a chunk's extension": ("5;a=b\r\nhello\r\n0\r\n\r\n", b"hello"),
    "a chunk's extension in quotes": ('5;a="b;c"\r\nhello\r\n0\r\n\r\n', b"hello"),
    "a request in a chunk": (f"{len(INNER):x}\r\n{INNER}\r\n0\r\n\r\n", INNER.encode()),
    "trailers": ("5\r\nhello\r\n0\r\nX-Wakari-User: root\r\nContent-Length: 9\r\n\r\n", b"hello"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_in_chunks_reaches_the_app_as_one_body(path: Path, name: str) -> None:
    sent, body = BODIES[name]
    request = path.head("POST", path.app + "/api", "Transfer-Encoding: chunked") + b"\r\n" + sent.encode()
    assert path.status(request) == 200
    assert [(seen.target, seen.body, seen.trailers) for seen in path.own.seen] == [(path.app + "/api", body, [])]


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "POST"])
def test_a_request_in_a_body_stays_a_body(path: Path, method: str) -> None:
    request = path.head(method, path.app + "/api", f"Content-Length: {len(INNER)}") + b"\r\n" + INNER.encode()
    assert path.status(request) == 200
    assert [(seen.target, seen.body) for seen in path.own.seen] == [(path.app + "/api", INNER.encode())]


@pytest.mark.parametrize(
    "line",
    [
        "GET {app}/a {app}/b HTTP/1.1",
        "GET {app}/a HTTP/1.1 HTTP/1.1",
        "GET {app}/a\tHTTP/1.1",
        "GET {app}/a HTTP/2.0",
        "GET {app}/a HTTP/9",
        "GET\t{app}/a HTTP/1.1",
        "get {app}/a HTTP/1.1",
        "G@T {app}/a HTTP/1.1",
    ],
)
def test_a_request_line_of_another_shape_is_refused(path: Path, line: str) -> None:
    rest = path.head().split(b"\r\n", 1)[1]
    answer = path.send(line.format(app=path.app).encode() + b"\r\n" + rest + b"\r\n")
    assert int(answer.split(b" ", 2)[1]) in REFUSED, answer
    assert path.own.seen == []


def test_chunks_in_http_1_0_are_refused(path: Path) -> None:
    head = path.head("POST", path.app + "/api", "Transfer-Encoding: chunked").replace(b"HTTP/1.1", b"HTTP/1.0")
    assert path.status(head + b"\r\n0\r\n\r\n" + INNER.encode()) in REFUSED
    assert path.own.seen == []


def test_what_follows_an_upgrade_that_was_refused_is_a_request_of_its_own(path: Path) -> None:
    upgrade = path.head("GET", path.app + "/ws", "Connection: Upgrade", "Upgrade: websocket", close=False)
    upgrade = upgrade.replace(f"Origin: {path.proxy.url}".encode(), b"Origin: http://evil.example.org")
    answer = path.send(upgrade + b"\r\n" + path.head("GET", path.forbidden + "/smuggled") + b"\r\n")
    assert re.findall(rb"HTTP/1\.1 (\d+)", answer) == [b"403", b"404"]
    assert path.own.seen == []


def test_everybody_gets_their_own_answer_on_shared_connections_to_the_node(path: Path) -> None:
    """Attack, then ask as usual: an answer that belongs to another would carry another marker."""
    for number, (lines, rest) in enumerate(FRAMING.values()):
        attack = path.head("POST", path.app + "/api", close="Connection" not in lines) + lines.encode("latin-1")
        with socket.create_connection(("127.0.0.1", path.proxy.port), timeout=10) as sock:
            sock.sendall(attack + b"\r\n" + rest.encode())
            usual = path.send(path.head("GET", f"{path.app}/usual-{number}", f"X-Marker: {number}") + b"\r\n")
        body = json.loads(usual.partition(b"\r\n\r\n")[2])
        assert (body["target"], body["marker"]) == (f"{path.app}/usual-{number}", str(number))
