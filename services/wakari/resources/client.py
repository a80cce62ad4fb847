# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the node, over `/run/wakari/launcher.sock` (docs/protocols.md, "People on a node -> monitor")."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

from wakari.core.errors import AppError, UnavailableError

SOCKET = Path("/run/wakari/launcher.sock")
_TIMEOUT = 60.0  # seconds; an app has fifteen to end
_MAX_ANSWER = 8 << 20


class LauncherClient:
    """Calls of the person this process runs as; the kernel tells the other side who that is."""

    def __init__(self, path: Path = SOCKET) -> None:
        self._path = path

    def call(self, name: str, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Return the result.

        Raises:
            AppError: the node's refusal, in its words.
            UnavailableError: nobody answers, or with something else.
        """
        received = bytearray()
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(_TIMEOUT)
                connection.connect(str(self._path))
                connection.sendall(json.dumps({"call": name, **fields}).encode() + b"\n")
                while len(received) <= _MAX_ANSWER and (chunk := connection.recv(1 << 16)):
                    received += chunk
            answer = json.loads(received)
        except (OSError, ValueError) as error:
            raise UnavailableError(
                "monitor_away",
                f"The node does not answer on {self._path} ({type(error).__name__}).",
                hint="Try again in a moment. If it goes on, tell an administrator: wk-compute-monitor does not run.",
            ) from error
        result = answer.get("result") if isinstance(answer, dict) else None
        if not isinstance(result, dict):
            raise AppError.from_body(answer, 409)
        return result
