# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a Jupyter server, and that no answer holds the asker up."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from wakari.helper.systemd import AppUnit
from wakari.monitor import jupyter

INSTANCE = "0123456789abcdef0123"
UNIT = AppUnit(INSTANCE, "alice", "p", "bob", "lab", "active", 0.0, "")
MOMENT = "2026-11-25T12:00:00.000000Z"


@contextmanager
def server(apps: Path, answer: Callable[[socket.socket, str], None]) -> Iterator[None]:
    """Answer connections to the app's socket, each with the text of its request."""
    (apps / INSTANCE).mkdir()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(apps / INSTANCE / "app.sock"))
    listener.listen()

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):  # the asker went away: that is the point of some tests
                answer(connection, connection.recv(65536).decode())

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def say(connection: socket.socket, content: object, status: str = "200 OK") -> None:
    body = json.dumps(content).encode()
    connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


@pytest.mark.parametrize(
    ("kernels", "busy"),
    [
        ([], False),
        ([{"execution_state": "idle"}], False),
        ([{"execution_state": "idle"}, {"execution_state": "busy"}], True),
    ],
)
def test_a_busy_kernel_is_use(tmp_path: Path, kernels: list[dict[str, str]], *, busy: bool) -> None:
    asked: list[str] = []

    def answer(connection: socket.socket, request: str) -> None:
        asked.append(request)
        say(connection, kernels if "/kernels" in request else {"last_activity": MOMENT} if "/status" in request else [])

    with server(tmp_path, answer):
        assert jupyter.ask(UNIT, tmp_path) == jupyter.Answer(busy, 1795608000.0)
    assert all("GET /alice/p/lab/api/" in one and "X-Wakari-User: bob\r\n" in one for one in asked)
    assert all("no_track_activity" in one for one in asked)  # else asking would be use


def test_the_newest_of_kernels_terminals_and_requests_counts(tmp_path: Path) -> None:
    def answer(connection: socket.socket, request: str) -> None:
        terminal = [{"name": "1", "last_activity": "2026-11-25T13:00:00Z"}]
        say(
            connection, [] if "/kernels" in request else {"last_activity": MOMENT} if "/status" in request else terminal
        )

    with server(tmp_path, answer):
        found = jupyter.ask(UNIT, tmp_path)
    assert found is not None
    assert found.last == 1795608000.0 + 3600


@pytest.mark.parametrize("content", [{"no": "list"}, [1, None], "x"])
def test_an_answer_of_another_shape_is_none_or_nothing(tmp_path: Path, content: object) -> None:
    with server(tmp_path, lambda connection, _: say(connection, content)):
        assert jupyter.ask(UNIT, tmp_path) is None


def test_a_refusal_is_no_answer(tmp_path: Path) -> None:
    with server(tmp_path, lambda connection, _: say(connection, [], "403 Forbidden")):
        assert jupyter.ask(UNIT, tmp_path) is None


def test_nobody_there_is_no_answer(tmp_path: Path) -> None:
    assert jupyter.ask(UNIT, tmp_path) is None


def trickle(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X: y\r\n")
        time.sleep(0.05)


def flood(connection: socket.socket, _: str) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n[")
    while True:
        connection.sendall(b" " * 65536)


@pytest.mark.parametrize("hostile", [trickle, flood])
def test_a_server_that_never_ends_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hostile: Callable[[socket.socket, str], None]
) -> None:
    monkeypatch.setattr(jupyter, "TIMEOUT", 0.5)
    with server(tmp_path, hostile):
        assert jupyter.ask(UNIT, tmp_path) is None
