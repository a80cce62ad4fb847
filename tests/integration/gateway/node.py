# SPDX-License-Identifier: GPL-3.0-or-later
"""An upstream in the place of a compute node: tells what reached it, streams, and echoes over WebSockets."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from wakari.core import tokens

CHUNK = 65536
INSTANCE = "0123456789abcdef0123"
MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Node

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Be silent."""

    def _seen(self) -> dict[str, Any]:
        return {
            "method": self.command,
            "target": self.path,
            "headers": [[name.lower(), value] for name, value in self.headers.items()],
        }

    def _reply(self, status: int, body: bytes, headers: list[tuple[str, str]]) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _launcher(self) -> None:
        """Answer as wk-compute does (docs/protocols.md, "Compute node"), to this node's own gateway alone."""
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        tokens.verify(self.server.key, token, "node:compute1", self.server.gateway)
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))) or b"{}")
        self.server.asked.append((self.path, body))
        if self.path == "/_wakari/v1/jobs":
            lines: list[dict[str, Any]] = [
                {"step": "skeleton", "message": "copying", "fraction": 0.5},
                {"result": {"verb": body["verb"]}},
            ]
            self._reply(200, "".join(json.dumps(line) + "\n" for line in lines[: self.server.job_lines]).encode(), [])
            return
        if self.path == "/_wakari/v1/status":
            self._reply(200, json.dumps({"status": "ok", "messages": [], "node": "compute1"}).encode(), [])
            return
        status, answer = self.server.open_answer
        time.sleep(self.server.open_seconds)
        self._reply(status, json.dumps(answer).encode(), [])

    def do_GET(self) -> None:
        if self.path.startswith("/_wakari/"):
            self._launcher()
            return
        seen = self._seen()
        self.server.seen.append(seen)
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self._websocket(parts.path)
        elif parts.path.endswith("/download"):
            self._download(int(query["bytes"]))
        elif parts.path.endswith("/slowly"):
            self._slowly()
        elif parts.path.endswith("/evil"):
            self._reply(
                200,
                b"evil",
                [
                    ("Set-Cookie", "wk_gateway=stolen; Path=/"),
                    ("Set-Cookie", "=wk_gateway=stolen; Path=/"),
                    ("Set-Cookie", "mine=1; Path=/"),
                    ("Set-Cookie", "__Host-wk_gateway=stolen; Path=/; Secure"),
                    ("X-Accel-Redirect", "/_wakari/health"),
                    ("X-Wakari-User", "root"),
                ],
            )
        elif parts.path.endswith("/gone"):
            self._reply(503, b"{}", [("X-Wakari-Error", "app_not_running")])
        else:
            self._reply(200, json.dumps(seen).encode(), [("Content-Type", "application/json")])

    do_HEAD = do_DELETE = do_OPTIONS = do_GET  # noqa: N815 - the base class's names

    def do_POST(self) -> None:
        if self.path.startswith("/_wakari/"):
            self._launcher()
            return
        digest = hashlib.sha256()
        size = 0
        for data in self._body():
            digest.update(data)
            size += len(data)
        seen = {**self._seen(), "sha256": digest.hexdigest(), "size": size}
        self.server.seen.append(seen)
        self._reply(200, json.dumps(seen).encode(), [("Content-Type", "application/json")])

    do_PUT = do_PATCH = do_POST  # noqa: N815 - the base class's names

    def _body(self) -> Any:
        if self.headers.get("Transfer-Encoding") == "chunked":
            while length := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(length)
                self.rfile.readline()
            self.rfile.readline()
            return
        left = int(self.headers.get("Content-Length", "0"))
        while left and (data := self.rfile.read(min(left, CHUNK))):
            left -= len(data)
            self.server.received += len(data)
            yield data

    def _download(self, size: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        block = bytes(range(256)) * (CHUNK // 256)
        while size:
            size -= self.wfile.write(block[: min(size, CHUNK)])

    def _slowly(self) -> None:
        """Send one line, and the next only when the test says that it has seen the first."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"6\r\nfirst\n\r\n")
        self.wfile.flush()
        self.server.go_on.wait(20)
        self.wfile.write(b"5\r\nlast\n\r\n0\r\n\r\n")

    def _websocket(self, path: str) -> None:
        if path.endswith("/refused"):
            self._reply(404, b"no such kernel", [("Content-Type", "text/plain")])
            return
        accept = base64.b64encode(hashlib.sha1((self.headers["Sec-WebSocket-Key"] + MAGIC).encode()).digest())  # noqa: S324 - RFC 6455
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept.decode())
        self.send_header("Set-Cookie", "wk_gateway=stolen")
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        self._echo()
        self.server.closed.release()

    def _echo(self) -> None:
        while (head := self.rfile.read(2)) and len(head) == 2:
            length = head[1] & 0x7F
            extra = {126: 2, 127: 8}.get(length, 0)
            more = self.rfile.read(extra)
            length = int.from_bytes(more, "big") if extra else length
            mask = self.rfile.read(4)
            data = self.rfile.read(length)
            plain = (int.from_bytes(data, "big") ^ int.from_bytes((mask * (length // 4 + 1))[:length], "big")).to_bytes(
                length, "big"
            )
            self.wfile.write(bytes([head[0], head[1] & 0x7F]) + more + plain)
            if head[0] & 0x0F == 8:
                return


class Node(ThreadingHTTPServer):
    """Serves on an ephemeral port of loopback, or at the address, until `close`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        super().__init__(address, _Handler)
        self.seen: list[dict[str, Any]] = []
        self.received = 0
        self.go_on = threading.Event()
        self.closed = threading.Semaphore(0)
        self.key = tokens.new_key()
        self.gateway = ""
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.job_lines = 2
        self.open_seconds = 0.0
        self.open_answer: tuple[int, dict[str, Any]] = (200, {"instance": INSTANCE, "state": "running"})
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """Be silent: a client that goes away is part of the tests."""

    def close(self) -> None:
        """Stop serving."""
        self.shutdown()
        self.server_close()


if __name__ == "__main__":
    Node((sys.argv[1], int(sys.argv[2])))
    threading.Event().wait()
