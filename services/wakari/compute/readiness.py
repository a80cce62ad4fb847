# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an app answers on its Unix socket, and what it said when it did not."""

from __future__ import annotations

import os
import socket
from collections import deque
from pathlib import Path

_TAIL = 64 << 10  # bytes at the end of a log that are looked at
LINES = 20


def answers(path: Path, address: str, timeout: float = 2.0) -> bool:
    """Return whether the server on the Unix socket answers a GET of the address in HTTP, with any status but a 5xx."""
    request = f"GET {address} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode("ascii")
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout)
            connection.connect(str(path))
            connection.sendall(request)
            line = connection.recv(64)
    except OSError:
        return False
    return line.startswith(b"HTTP/1.") and line[9:10] not in {b"", b"5"}


def last_lines(path: Path, start: int = 0, lines: int = LINES) -> list[str]:
    """Return the last lines of a log after byte `start`; an empty list where it cannot be read."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(start if start <= size else 0, size - _TAIL))
            text = file.read(_TAIL).decode("utf-8", "backslashreplace")
    except OSError:
        return []
    return list(deque((line.rstrip()[:500] for line in text.splitlines()), maxlen=lines))


def size_of(path: Path) -> int:
    """Return the size of a log in bytes; 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
