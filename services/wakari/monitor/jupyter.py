# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks a Jupyter server, over the app's Unix socket, whether somebody uses it (Jupyter Server's REST API).

The server runs as a person who may have put another program in its place: what it answers decides about its own end
and nothing else, and it can neither hold the asker up nor fill its memory.
"""

from __future__ import annotations

import http.client
import io
import json
import socket
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from wakari.helper.systemd import AppUnit

TIMEOUT = 5.0  # seconds for one whole answer
_MAX_ANSWER = 1 << 20  # bytes; hundreds of kernels
_OK = 200


@dataclass(frozen=True)
class Answer:
    """What the server said. `busy`: a kernel computes; `last`: when it was used last, seconds since the epoch."""

    busy: bool
    last: float


def ask(unit: AppUnit, apps: Path) -> Answer | None:
    """Return what the app's server says of its kernels, terminals and requests; None where it does not answer."""
    path = apps / unit.instance / "app.sock"
    base = f"/{unit.owner}/{unit.project}/{unit.app}/api/"
    kernels, terminals, status = (
        _get(path, f"{base}{name}?no_track_activity=1", unit.user) for name in ("kernels", "terminals", "status")
    )
    if not isinstance(kernels, list) or not isinstance(status, dict):
        return None
    said = [one for one in kernels if isinstance(one, dict)]
    busy = any(one.get("execution_state") in {"busy", "restarting"} for one in said)
    used = [
        *said,
        status,
        *(one for one in (terminals if isinstance(terminals, list) else []) if isinstance(one, dict)),
    ]
    return Answer(busy, max((_moment(one.get("last_activity")) for one in used), default=0.0))


def _get(path: Path, address: str, user: str) -> Any:  # noqa: ANN401 - any JSON
    """Return the JSON at the address; None where there is none in time."""
    request = (
        f"GET {address} HTTP/1.0\r\nHost: localhost\r\nX-Wakari-User: {user}\r\nX-Wakari-Credential: bearer\r\n"
        "X-Wakari-Level: write\r\nConnection: close\r\n\r\n"
    )
    try:
        raw = _exchange(path, request.encode("ascii"))
        response = http.client.HTTPResponse(_Received(raw))  # type: ignore[arg-type]
        response.begin()
        if response.status != _OK:
            return None
        return json.loads(response.read())
    except (OSError, ValueError, RecursionError, http.client.HTTPException):
        return None


def _exchange(path: Path, request: bytes) -> bytes:
    deadline = time.monotonic() + TIMEOUT
    received = bytearray()
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT)
        connection.connect(str(path))
        connection.sendall(request)
        while len(received) <= _MAX_ANSWER:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            connection.settimeout(left)
            chunk = connection.recv(1 << 16)
            if not chunk:
                return bytes(received)
            received += chunk
    raise ValueError("too large")


class _Received:
    """Bytes in the shape that HTTPResponse reads from."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, *_: object, **__: object) -> io.BytesIO:
        """Return the bytes as a file."""
        return io.BytesIO(self._raw)


def _moment(value: object) -> float:
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0
