# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway's end of the job protocol, for tests of the worker: checks signatures, says what the test wants said."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from wakari.core import tokens
from wakari.core.errors import AppError

Lines = Iterator[dict[str, Any]]
RESULT = {"result": {}}


def good(job: dict[str, Any]) -> Lines:
    """Say two steps and the end."""
    yield {"step": "accounts", "message": f"{job['verb']} on {job['node']}", "fraction": 0.1}
    yield {"step": "ready", "message": "Ready", "fraction": 1.0}
    yield RESULT


def _stream(handler: BaseHTTPRequestHandler, lines: Lines) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/x-ndjson")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    try:
        for line in lines:
            raw = json.dumps(line).encode() + b"\n"
            handler.wfile.write(b"%x\r\n%s\r\n" % (len(raw), raw))
            handler.wfile.flush()
        handler.wfile.write(b"0\r\n\r\n")
    except OSError:
        pass  # the worker went away in the middle: some tests want that


@dataclass
class GatewayStand:
    """Listens on a port of its own. `jobs` are the jobs in the order they came."""

    answer: Callable[[dict[str, Any]], Lines] = good
    secret: str = ""
    client_id: str = ""
    status: dict[str, Any] = field(default_factory=lambda: {"status": "ok", "messages": []})
    jobs: list[dict[str, Any]] = field(default_factory=list)
    stopped: list[dict[str, Any]] = field(default_factory=list)
    refused: int = 0
    _server: ThreadingHTTPServer = field(init=False)

    def __post_init__(self) -> None:
        stand = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"  # streams are chunked, as gunicorn sends them

            def do_GET(self) -> None:
                if stand.signed(self):
                    self._json(200, stand.status)

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if not stand.signed(self):
                    return
                if self.path == "/_wakari/v1/apps/stop":
                    stand.stopped.append(body)
                    self._json(200, {"instance": body["instance"], "state": "stopped"})
                    return
                stand.jobs.append(body)
                _stream(self, stand.answer(body))

            def _json(self, status: int, content: object) -> None:
                raw = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def refuse(self) -> None:
                self._json(401, {"error": {"code": "token_invalid", "message": "No", "hint": ""}})

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """Return the base URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def signed(self, handler: Any) -> bool:
        """Return whether the request was signed for this gateway; answer 401 otherwise."""
        token = handler.headers.get("Authorization", "").removeprefix("Bearer ")
        try:
            tokens.verify(self.secret, token, f"gateway:{self.client_id}", "server")
        except (AppError, ValueError):
            self.refused += 1
            handler.refuse()
            return False
        return True

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def wait_for(good_when: Callable[[], object], seconds: float = 10.0) -> None:
    """Return as soon as it is true; fail after `seconds`."""
    end = time.monotonic() + seconds
    while not good_when():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
