# SPDX-License-Identifier: GPL-3.0-or-later
"""The local socket: the kernel says who asks; nobody keeps the others out."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wakari.core.errors import AppError
from wakari.monitor import local
from wakari.resources.client import LauncherClient


def answer(person: str, request: dict[str, Any]) -> dict[str, Any]:
    if request.get("call") == "fail":
        raise RuntimeError("a secret of ours")
    return {"person": person, "asked": request}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A socket that takes whoever runs the tests for a person of the platform."""
    monkeypatch.setattr(local, "_FIRST_PERSON", 0)
    server = local.LocalServer(tmp_path / "s", answer)
    threading.Thread(target=server.serve, daemon=True).start()
    yield tmp_path / "s"
    server.close()


def raw(path: Path, content: bytes) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    found: dict[str, Any] = json.loads(received)
    return found


def test_who_asks_is_what_the_kernel_says(path: Path) -> None:
    told = LauncherClient(path).call("list", person="mallory", uid=0)
    assert told["person"] == local.person(os.getuid())


@pytest.mark.parametrize("uid", [0, 33, 999, 65534, 4_000_000])
def test_accounts_of_the_system_and_unknown_ones_are_nobody(uid: int) -> None:
    with pytest.raises(AppError) as caught:
        local.person(uid)
    assert caught.value.code == "person_unknown"


def test_a_refusal_of_the_person_arrives(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "_FIRST_PERSON", os.getuid() + 1)
    with pytest.raises(AppError) as caught:
        LauncherClient(path).call("list")
    assert caught.value.code == "person_unknown"


@pytest.mark.parametrize("content", [b"", b"\n", b"x\n", b"[]\n", b"[" * 10000 + b"\n", b"{" + b" " * 20000 + b"}\n"])
def test_what_is_no_line_of_json_is_refused(path: Path, content: bytes) -> None:
    try:
        assert raw(path, content)["error"]["code"] == "request_invalid"
    except (ConnectionError, json.JSONDecodeError):
        assert len(content) > local.MAX_REQUEST  # closed in the middle of what was too long


def test_an_unexpected_error_keeps_its_text(path: Path) -> None:
    told = raw(path, b'{"call": "fail"}\n')["error"]
    assert told["code"] == "internal_error"
    assert "secret" not in json.dumps(told)


def is_answered(path: Path) -> bool:
    try:
        LauncherClient(path).call("list")
    except AppError:
        return False
    return True


def test_a_person_who_holds_connections_is_cut_off_and_let_in_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "SPEAK", 1.0)
    held = [socket.socket(socket.AF_UNIX) for _ in range(local.EACH)]
    for connection in held:
        connection.connect(str(path))
    end = time.monotonic() + 10
    while is_answered(path):  # the last of them is admitted a moment after connect returns
        assert time.monotonic() < end
    while not is_answered(path):  # those who say nothing lose their place
        assert time.monotonic() < end
        time.sleep(0.1)
    for connection in held:
        connection.close()
