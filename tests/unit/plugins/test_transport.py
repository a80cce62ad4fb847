# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection of the modules, against a small server on loopback that does what a test wants."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from plugins.module_utils._transport import Address, Answer, Transport, TransportError

Status = int | str  # a status, or what to do instead: "close" without an answer


@dataclass
class Stand:
    """Answers with `statuses` in turn, 200 after them. `seen`: the methods; `ports`: where they came from."""

    url: str = ""
    statuses: list[Status] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    ports: set[int] = field(default_factory=set)


@pytest.fixture
def stand() -> Iterator[Stand]:
    made = Stand()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            made.seen.append(self.command)
            made.ports.add(self.client_address[1])
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status = made.statuses.pop(0) if made.statuses else 200
            if isinstance(status, str):
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in {"Content-Length": "2", **made.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"{}")

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - the names of http.server

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def transport(stand: Stand, waits: list[float]) -> Iterator[Transport]:
    made = Transport(Address(stand.url, timeout=10), sleep=waits.append)
    yield made
    made.close()


def ask(transport: Transport, method: str = "GET") -> Answer:
    return transport.exchange(method, "/x", {}, b"{}" if method == "POST" else None)


def test_all_requests_share_one_connection(transport: Transport, stand: Stand) -> None:
    for method in ("GET", "POST", "PATCH", "DELETE", "GET"):
        assert ask(transport, method).status == 200
    assert len(stand.ports) == 1
    assert transport.sent == {"GET": 2, "POST": 1, "PATCH": 1, "DELETE": 1}


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_what_may_be_repeated_is(transport: Transport, stand: Stand, waits: list[float], method: str) -> None:
    stand.statuses = [503, "close", 502]
    assert ask(transport, method).status == 200
    assert stand.seen == [method] * 4
    assert waits == [0.5, 1.0, 2.0]


def test_the_last_answer_counts(transport: Transport, stand: Stand) -> None:
    stand.statuses = [503] * 9
    assert ask(transport).status == 503
    assert len(stand.seen) == 4


def test_a_post_that_may_have_been_seen_is_not_sent_again(transport: Transport, stand: Stand) -> None:
    stand.statuses = ["close"]
    with pytest.raises(TransportError, match="cannot be reached"):
        ask(transport, "POST")
    stand.statuses = [503]
    assert ask(transport, "POST").status == 503
    assert stand.seen == ["POST", "POST"]


def test_a_post_that_was_refused_for_haste_is_sent_again_when_asked_to(
    transport: Transport, stand: Stand, waits: list[float]
) -> None:
    stand.statuses, stand.headers = [429], {"Retry-After": "7"}
    assert ask(transport, "POST").status == 200
    assert waits == [7.0]


def test_a_server_that_does_not_exist_is_asked_as_often_as_allowed(waits: list[float]) -> None:
    transport = Transport(Address("http://127.0.0.1:1", retries=2), sleep=waits.append)
    with pytest.raises(TransportError, match="Check server_url"):
        ask(transport, "POST")
    assert waits == [0.5, 1.0]


def test_nobody_is_asked_to_wait_long(transport: Transport, stand: Stand, waits: list[float]) -> None:
    stand.statuses, stand.headers = [503], {"Retry-After": "86400"}
    ask(transport)
    assert waits == [30.0]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "aen.example.org",
        "ftp://x",
        "http://",
        "http://x/api",
        "http://x?a",
        "http://u:p@x",
        "http://x:y",
        "http://[x",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(TransportError, match="host and port alone"):
        Address(url)


@pytest.mark.parametrize(
    ("url", "exposed"),
    [("http://aen.example.org", True), ("http://127.0.0.1:80", False), ("http://[::1]", False), ("https://x", False)],
)
def test_plain_http_to_another_host_is_exposed(url: str, exposed: bool) -> None:
    assert Address(url).exposed is exposed


def test_a_missing_file_of_authorities_is_named() -> None:
    transport = Transport(Address("https://127.0.0.1:1", ca_path="/nowhere/ca.pem"))
    with pytest.raises(TransportError, match=r"/nowhere/ca\.pem"):
        ask(transport)
