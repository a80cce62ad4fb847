# SPDX-License-Identifier: GPL-3.0-or-later
"""An app that keeps the bytes of every request that reaches it, and reads them more strictly than any browser would."""

from __future__ import annotations

import json
import os
import socketserver
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integration.compute.node import SERVICE

PERSON = 20000  # uid of whoever owns the app's folder


@dataclass(frozen=True)
class Seen:
    """A request as the app saw it."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes
    trailers: list[str]

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]

    def values(self, name: str) -> list[str]:
        """Return the values of the header, whose name is compared in lower case."""
        return [value for key, value in self.headers if key == name]


class _Handler(socketserver.StreamRequestHandler):
    server: Witness

    def handle(self) -> None:
        while (line := self.rfile.readline()) and self._one(line):
            pass

    def _one(self, line: bytes) -> bool:
        assert line.endswith(b"\r\n")
        headers: list[tuple[str, str]] = []
        while (raw := self.rfile.readline()) != b"\r\n":
            if not raw:
                return False
            name, colon, value = raw.decode("latin-1").partition(":")
            assert colon
            assert raw.endswith(b"\r\n")
            headers.append((name.lower(), value.strip(" \t\r\n")))
        body, trailers = self._body(dict(headers))
        seen = Seen(line.decode("latin-1").strip(), headers, body, trailers)
        self.server.seen.append(seen)
        if dict(headers).get("upgrade") or seen.target.endswith("/always-101"):
            self._echo()
            return False
        answer = json.dumps(
            {"target": seen.target, "size": len(body), "marker": dict(headers).get("x-marker")}
        ).encode()
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(answer) + answer)
        return True

    def _body(self, headers: dict[str, str]) -> tuple[bytes, list[str]]:
        if "transfer-encoding" not in headers:
            return self.rfile.read(int(headers.get("content-length", "0"))), []
        assert headers["transfer-encoding"] == "chunked"
        assert "content-length" not in headers
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            assert self.rfile.read(2) == b"\r\n"
        trailers = []
        while (line := self.rfile.readline()) != b"\r\n":
            trailers.append(line.decode("latin-1").strip())
        return body, trailers

    def _echo(self) -> None:
        self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        while data := self.connection.recv(65536):
            self.wfile.write(data)


class Witness(socketserver.ThreadingUnixStreamServer):
    """Listens where a node looks for an app."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, path: Path) -> None:
        super().__init__(str(path), _Handler)
        self.seen: list[Seen] = []
        self.failed: list[str] = []

    def handle_error(self, *_: object) -> None:
        """Keep what could not be read: a request that reached the app in a shape that can be read in two ways."""
        if not isinstance(sys.exception(), ConnectionError):
            self.failed.append(traceback.format_exc())


@contextmanager
def witness(apps: Path, instance: str) -> Iterator[Witness]:
    """Run one as the app with this instance id."""
    folder = apps / instance
    folder.mkdir()
    os.chown(folder, PERSON, SERVICE)
    folder.chmod(0o2750)
    server = Witness(folder / "app.sock")
    os.chown(folder / "app.sock", PERSON, SERVICE)
    (folder / "app.sock").chmod(0o660)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
