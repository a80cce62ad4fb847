# SPDX-License-Identifier: GPL-3.0-or-later
"""Request heads nobody thought of: thousands, by chance from fixed seeds. None is a 5xx of ours, none goes astray."""

from __future__ import annotations

import random
import re
import socket

import pytest

from tests.integration.gateway.attacks.conftest import Path

pytestmark = pytest.mark.root

HEADS = 1500  # of each seed
METHODS = [b"GET", b"POST", b"PUT", b"HEAD", b"DELETE", b"OPTIONS", b"PATCH", b"TRACE", b"get", b"G\x00T", b"", b"PRI"]
PIECES = [
    b"/",
    b"//",
    b"/..",
    b"/.",
    b"%2e%2e",
    b"%2f",
    b"\\",
    b"%00",
    b"%",
    b"%zz",
    b"?",
    b"#",
    b";",
    b"&",
    b"=",
    b" ",
    b"\t",
    b"alice",
    b"p1",
    b"p10",
    b"notebook",
    b"_wakari",
    b"internal",
    b"settings",
    b"smuggled",
    b"\xff",
    b"\xc3\xa9",
    b"*",
    b"http://",
    b"@",
    b":",
    b"x" * 300,
]
NAMES = [
    b"Content-Length",
    b"Transfer-Encoding",
    b"Connection",
    b"Upgrade",
    b"Host",
    b"Expect",
    b"TE",
    b"Trailer",
    b"Origin",
    b"Cookie",
    b"Authorization",
    b"X-Wakari-User",
    b"X-Wakari-App",
    b"X-Forwarded-For",
    b"X-Request-Id",
    b"Range",
    b"Sec-WebSocket-Key",
    b"Accept",
    b"Sec-Fetch-Mode",
    b"If-Range",
    b"Keep-Alive",
    b"",
    b" ",
    b"X A",
    b"X\x00",
    b"\xff",
    b"X_A",
]
VALUES = [
    b"",
    b"0",
    b"5",
    b"-1",
    b"99999999999999999999",
    b"chunked",
    b"close",
    b"keep-alive",
    b"upgrade",
    b"websocket",
    b"h2c",
    b"100-continue",
    b"text/html",
    b"navigate",
    b"null",
    b"Bearer wk_x",
    b"wk_gateway=x",
    b"a\x00b",
    b"a\rb",
    b"\xff\xfe",
    b"x" * 5000,
    b"trailers",
    b"bytes=0-,0-,0-",
    b"\t",
    b'"',
    b"root",
]
ENDS = [b"\r\n"] * 20 + [b"\n", b"\r", b"\r\n ", b"\r\n\t", b"\r\r\n", b"", b" \r\n"]
# What NGINX says by itself about a coding, an expectation or a version it has not: no failure of ours.
NOT_OURS = {b"501", b"505", b"417"}


def line(chance: random.Random, path: Path) -> bytes:
    known = [f"Host: {path.proxy.host}", f"Cookie: {path.cookie}", f"Origin: {path.proxy.url}"]
    if chance.random() < 0.4:
        return chance.choice(known).encode() + b"\r\n"
    colon = chance.choice([b": "] * 12 + [b":", b" :", b"", b":\t"])
    return chance.choice(NAMES) + colon + chance.choice(VALUES) + chance.choice(ENDS)


def request(chance: random.Random, path: Path) -> bytes:
    """Return a head, most of it right: one that is all wrong gets no further than the first check."""
    target = path.app.encode() + b"/x"
    if chance.random() < 0.5:
        target = chance.choice([b"", target, path.forbidden.encode()])
        target += b"".join(chance.choice(PIECES) for _ in range(chance.randint(1, 8)))
    method = chance.choice(METHODS) if chance.random() < 0.5 else b"GET"
    version = chance.choice([b"HTTP/1.1"] * 20 + [b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2.0", b"", b"HTTP/1.1 x"])
    head = method + b" " + target + b" " + version + chance.choice(ENDS)
    needed = f"Host: {path.proxy.host}\r\nCookie: {path.cookie}\r\nOrigin: {path.proxy.url}\r\n"
    head += needed.encode() if chance.random() < 0.7 else b""
    head += b"".join(line(chance, path) for _ in range(chance.randint(0, 5)))
    return head + b"\r\n" + chance.choice([b"", b"hello", b"5\r\nhello\r\n0\r\n\r\n", b"0\r\n\r\n"])


def is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    return bool(end) and length is not None and len(body) >= int(length[1])


def exchange(port: int, sent: bytes) -> bytes:
    """Return what comes back: an answer, and what follows it soon; nothing where more of the request is waited for."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as sock:
        sock.sendall(sent)
        sock.settimeout(0.3)
        answer = b""
        try:
            while data := sock.recv(65536):
                answer += data
                if is_whole(answer):
                    sock.settimeout(0.01)
        except (TimeoutError, ConnectionError):
            pass  # a kept connection; a request that is refused may end in a reset
        return answer


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_head_is_a_failure_of_ours_or_reaches_another_app(path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret: the same heads every time
    statuses: dict[bytes, int] = {}
    for _ in range(HEADS):
        sent = request(chance, path)
        answer = exchange(path.proxy.port, sent)
        for status in re.findall(rb"^HTTP/1\.1 (\d{3}) ", answer, re.MULTILINE):
            statuses[status] = statuses.get(status, 0) + 1
            assert status < b"500" or status in NOT_OURS, (sent, answer)
        assert b"cookie_keys" not in answer, sent
        assert b"[C]" not in answer, sent
        assert b".lua" not in answer, sent
        for seen in path.own.seen:
            assert seen.target.startswith(path.app + "/"), (sent, seen)
            assert not re.search(r"(?i)/(\.|%2e){1,2}(/|;|$)", seen.target.partition("?")[0]), (sent, seen)
            assert seen.values("x-wakari-user") == ["alice"], (sent, seen)
        path.own.seen.clear()
        path.check()
    # The chance is not all on one side: heads were refused, and heads reached the app.
    assert statuses[b"400"] > HEADS // 20
    assert statuses[b"200"] > HEADS // 20
    assert not [entry for entry in path.proxy.access_log() if entry["failure"]]


def test_the_path_still_works_after_all_this(path: Path) -> None:
    assert path.status(path.head() + b"\r\n") == 200
    assert "[emerg]" not in path.proxy.errors()
