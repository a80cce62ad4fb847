# SPDX-License-Identifier: GPL-3.0-or-later
"""`/run/wakari/launcher.sock`: what people on this node may ask about apps. Who asks is what the kernel says.

One request, a line of JSON, and one answer a connection. A person may have few connections at once and has little time
to speak, so that nobody keeps the others out.
"""

from __future__ import annotations

import json
import logging
import os
import pwd
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wakari.core import logs
from wakari.core.errors import AppError
from wakari.core.messages import LAST_UID

log = logging.getLogger(__name__)
MAX_REQUEST = 1 << 14  # bytes
SPEAK = 5.0  # seconds a client has to send its request, and for each piece of the answer
EACH = 4  # connections of one person at once
ALL = 64
_FIRST_PERSON = 1000  # below, and above LAST_UID: accounts of the operating system

Answer = Callable[[str, dict[str, Any]], dict[str, Any]]


class LocalServer:
    """Answers on the socket with `answer(person, request)`."""

    def __init__(self, path: Path, answer: Answer) -> None:
        self._answer = answer
        self._open: Counter[int] = Counter()
        self._lock = threading.Lock()
        self._closed = False
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX)
        former = os.umask(0o111)
        try:
            self._socket.bind(str(path))
        finally:
            os.umask(former)
        self._socket.listen(128)

    def serve(self) -> None:
        """Answer until the socket is closed."""
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError as error:
                if self._closed:
                    return
                log.warning("a connection was not taken", extra={"why": error.strerror})
                time.sleep(0.1)
                continue
            uid = peer_uid(connection)
            if not self._admit(uid):
                connection.close()
                continue
            threading.Thread(target=self._one, args=(connection, uid), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._closed = True
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        finally:
            self._socket.close()

    def _admit(self, uid: int) -> bool:
        with self._lock:
            if self._open[uid] >= EACH or self._open.total() >= ALL:
                return False
            self._open[uid] += 1
        return True

    def _one(self, connection: socket.socket, uid: int) -> None:
        logs.take_request_id(None)
        try:
            with connection:
                reply = json.dumps(self._reply(connection, uid)).encode() + b"\n"
                connection.settimeout(SPEAK)
                connection.sendall(reply)
        except OSError:
            pass  # the client went away
        finally:
            with self._lock:
                self._open[uid] -= 1
                self._open += Counter()  # drops the zeros

    def _reply(self, connection: socket.socket, uid: int) -> dict[str, Any]:
        try:
            request = _request(connection)  # first: an answer to what was not read would be lost (unix(7), ECONNRESET)
            return {"result": self._answer(person(uid), request)}
        except AppError as error:
            return error.body(logs.request_id())
        except OSError:
            raise
        except Exception:
            log.exception("unexpected error", extra={"uid": uid})
            return AppError("internal_error", "Something went wrong on this node.", status=500).body(logs.request_id())


def peer_uid(connection: socket.socket) -> int:
    """Return who connected, as the kernel says (unix(7), SO_PEERCRED)."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", raw)[1])


def person(uid: int) -> str:
    """Return the account's name; AppError `person_unknown` for accounts of the operating system and unknown ones."""
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = ""
    if not _FIRST_PERSON <= uid <= LAST_UID or not name:
        raise AppError("person_unknown", "Only people of the platform are answered here.", status=403)
    return name


def _request(connection: socket.socket) -> dict[str, Any]:
    received = bytearray()
    deadline = time.monotonic() + SPEAK
    while b"\n" not in received:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        chunk = connection.recv(4096)
        if not chunk or len(received) + len(chunk) > MAX_REQUEST:
            break
        received += chunk
    try:
        content = json.loads(received)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise AppError("request_invalid", "The request is no line of JSON with an object.", status=422)
    return content
