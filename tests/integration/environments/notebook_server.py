# SPDX-License-Identifier: GPL-3.0-or-later
"""A Jupyter server of one prefix, run as a person, and a client that runs code in its kernels."""

from __future__ import annotations

import json
import secrets
import socket
import subprocess
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import websocket

_START_SECONDS = 60


@dataclass(frozen=True)
class NotebookServer:
    """A running server."""

    address: str
    token: str

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Return what the server's API answers."""
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"http://{self.address}/{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            content = answer.read()
        return json.loads(content) if content else None

    def run(self, kernel: str, code: str) -> str:
        """Return the result of `code`, run in a new kernel of that name."""
        kernel_id = self.ask("POST", "api/kernels", {"name": kernel})["id"]
        channels = self.connect(f"api/kernels/{kernel_id}/channels")
        request = uuid.uuid4().hex
        header = {"msg_id": request, "msg_type": "execute_request", "session": "s", "username": "", "version": "5.4"}
        content = {"code": code, "silent": False}
        channels.send(json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": content}))
        try:
            while True:
                message = json.loads(channels.recv())
                if message["parent_header"].get("msg_id") != request:
                    continue
                if message["msg_type"] == "execute_result":
                    return str(message["content"]["data"]["text/plain"])
                assert message["msg_type"] != "error", message["content"]
        finally:
            channels.close()
            self.ask("DELETE", f"api/kernels/{kernel_id}")

    def terminal_says(self, command: str, expected: str) -> None:
        """Type `command` into a terminal and read until `expected` comes back."""
        name = self.ask("POST", "api/terminals")["name"]
        terminal = self.connect(f"terminals/websocket/{name}")
        terminal.send(json.dumps(["stdin", command + "\r"]))
        seen = ""
        while expected not in seen:
            seen += str(json.loads(terminal.recv())[-1])
        terminal.close()

    def connect(self, path: str) -> websocket.WebSocket:
        """Return an open WebSocket."""
        return websocket.create_connection(f"ws://{self.address}/{path}?token={self.token}", timeout=30)


@contextmanager
def notebook_server(server: Path, kernels: Path, uid: int, home: Path) -> Iterator[NotebookServer]:
    """Run `jupyter server` of the prefix `server` as `uid`, with the kernels of the prefix `kernels` first."""
    token, port = secrets.token_hex(), free_port()
    options = [f"--ServerApp.port={port}", "--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={token}"]
    environment = {
        "HOME": str(home),
        "PATH": f"{kernels}/bin:{server}/bin:/usr/bin:/bin",
        "JUPYTER_PATH": f"{kernels}/share/jupyter",
        "LANG": "C.UTF-8",
    }
    command = [str(server / "bin/jupyter-server"), "--no-browser", f"--ServerApp.root_dir={home}", *options]
    log = home / "server.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command, env=environment, cwd=home, stdout=output, stderr=output, user=uid, group=uid, extra_groups=[]
        ) as process,
    ):
        found = NotebookServer(f"127.0.0.1:{port}", token)
        try:
            _wait(found, process, log)
            yield found
        finally:
            process.terminate()
            process.wait(20)


def free_port() -> int:
    """Return a port of the loopback that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait(server: NotebookServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            server.ask("GET", "api/status")
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"the server did not start: {log.read_text()[-2000:]}")
