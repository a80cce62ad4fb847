# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane's contract on its Unix socket (docs/protocols.md), for tests of the Lua data plane by itself."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from wakari.core import tokens

AUDIENCE = "gateway:test-client"
SILENCE = 20.0  # seconds; more than the data plane waits for anything here


@dataclass
class State:
    """What the control plane answers; tests change it while it runs."""

    node_port: int
    node_host: str = "127.0.0.1"
    node_key: str = field(default_factory=tokens.new_key)
    node_tls: str | None = None
    audience: str = AUDIENCE
    cookie_keys: list[str] = field(default_factory=lambda: [tokens.new_key()])
    external_url: str = ""
    levels: dict[tuple[str, str], str] = field(default_factory=dict)  # (user or token, owner/project) -> level
    ended: set[str] = field(default_factory=set)  # sids
    project_state: str = "running"
    permission: str = "write"
    opening_until: float = 0.0
    server_away: bool = False
    undecided: set[str] = field(default_factory=set)  # users about whom the server fails to decide
    slow: set[str] = field(default_factory=set)  # users about whom it takes longer than anybody waits
    decisions: int = 0
    opens: int = 0
    instances: dict[str, str] = field(default_factory=dict)  # by owner/project, where there is more than one
    draining: bool = False
    asked_for_changes: int = 0
    feed_away: bool = True  # decisions alone, unless a test is about the feed
    feed_silent: bool = False  # it takes questions, and leaves them without an answer
    revoked: list[dict[str, str]] = field(
        default_factory=list
    )  # what the feed has told so far; the position is its length
    more: threading.Condition = field(default_factory=threading.Condition)

    def revoke(self, **item: str) -> None:
        """Tell the data plane of a change at the server."""
        with self.more:
            self.revoked.append(item)
            self.more.notify_all()

    def cut_feed(self, *, away: bool) -> None:
        """Let the feed go away, or come back."""
        with self.more:
            self.feed_away = away
            self.more.notify_all()

    def cookie(self, user: str, sid: str = "sid-1", jti: str = "jti-1", **claims: Any) -> str:
        """Return a session cookie as wk-gateway makes them."""
        now = int(time.time())
        content = {"sub": user, "sid": sid, "jti": jti, "aud": self.audience, "iat": now, "exp": now + 3600, **claims}
        return tokens.sign(self.cookie_keys[0], content)


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128
    state: State


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Be silent."""

    def address_string(self) -> str:
        return "unix"

    def _reply(self, status: int, content: object, **headers: str) -> None:
        body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if isinstance(content, str) else "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _error(self, status: int, code: str) -> None:
        self._reply(status, {"error": {"code": code, "message": code, "hint": "", "request_id": "0"}})

    def do_GET(self) -> None:
        state = self.server.state
        if self.path == "/internal/settings":
            assert self.headers["X-Wakari-Data-Plane"] == "1"
            self._reply(
                200,
                {
                    "audience": state.audience,
                    "cookie_keys": state.cookie_keys,
                    "external_url": state.external_url,
                    "draining": state.draining,
                },
            )
        else:
            self._reply(200, {"control": self.path, "headers": [list(item) for item in self.headers.items()]})

    def do_POST(self) -> None:
        state = self.server.state
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", "0"))) or b"{}")
        if self.path == "/_wakari/logout":
            self._reply(200, {"status": "signed_out"}, X_Wakari_Revoke="jti-1")
        elif self.path == "/internal/page":
            self._reply(200, f"<html>page about {body['error']['code']}</html>")
        elif self.path == "/internal/changes":
            self._changes(state, body)
        elif state.server_away:
            self._error(503, "server_away")
        elif self.path == "/internal/decide":
            state.decisions += 1
            self._decide(state, body)
        elif self.path == "/internal/open":
            state.opens += 1
            self._open(state, body)

    def _changes(self, state: State, body: dict[str, Any]) -> None:
        with state.more:
            state.more.wait_for(lambda: not state.feed_silent, SILENCE)
            now = len(state.revoked)
            after = now if body["after"] is None else int(body["after"])
            if body["after"] is not None:
                state.more.wait_for(lambda: len(state.revoked) > after or state.feed_away, body["wait"])
            if state.feed_away:
                self._error(503, "server_away")
                return
            state.asked_for_changes += 1
            items = state.revoked[after:]
            now = len(state.revoked)
        self._reply(200, {"after": str(now), "revoke": items, "reset": False})

    def _decide(self, state: State, body: dict[str, Any]) -> None:
        credential = body["credential"]
        if credential.get("sid") in state.ended:
            self._error(401, "session_ended")
            return
        user = credential.get("user") or credential["token"]
        with state.more:
            state.more.wait_for(lambda: user not in state.slow, SILENCE)
        if user in state.undecided:
            self._error(503, "no_decision")
            return
        level = state.levels.get((user, f"{body['owner']}/{body['project']}"), "none")
        self._reply(
            200,
            {
                "user": credential.get("user", "token-user"),
                "level": level,
                "state": state.project_state,
                "reason": "",
                "project_page": "",
                "ttl": 1.0,
            },
        )

    def _open(self, state: State, body: dict[str, Any]) -> None:
        left = state.opening_until - time.monotonic()
        if left > body["wait"]:
            time.sleep(body["wait"])
            self._reply(202, {"state": "opening"})
            return
        time.sleep(max(left, 0))
        self._reply(
            200,
            {
                "user": "x",
                "node_name": "compute1",
                "node_host": state.node_host,
                "node_port": state.node_port,
                "node_key": state.node_key,
                "node_tls": state.node_tls,
                "instance": state.instances.get(f"{body['owner']}/{body['project']}", "0123456789abcdef0123"),
                "permission": state.permission,
                "ttl": 10.0,
            },
        )


class ControlPlane:
    """Serves the contract until `close`."""

    def __init__(self, path: Path, state: State) -> None:
        self._server = _Server(str(path), _Handler)
        self._server.state = state
        path.chmod(0o666)  # the test's NGINX runs as another user
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
