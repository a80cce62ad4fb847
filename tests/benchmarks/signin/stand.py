# SPDX-License-Identifier: GPL-3.0-or-later
"""wk-server as supervisord runs it, on a socket in a folder, with people; and a client that signs in as a browser."""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from http.cookies import SimpleCookie
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

from tests.serverkit import PASSWORD, URL, write_prefix
from wakari.accounts import Accounts
from wakari.store import connect

SERVICES = Path(__file__).parents[3] / "services"
PEOPLE = 40
START_SECONDS = 60
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket, as NGINX speaks to wk-server."""

    def __init__(self, path: Path) -> None:
        super().__init__("server.test", timeout=60)
        self.path = path

    def connect(self) -> None:
        """Connect."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(str(self.path))


class Stand:
    """The running server and its people."""

    def __init__(self, folder: Path, uri: str, processes: int) -> None:
        self.socket = folder / "s.sock"
        self.people = [f"person{number}" for number in range(PEOPLE)]
        self._log = folder / "server.log"
        database = f"t{secrets.token_hex(8)}"
        files = write_prefix(folder / "prefix", uri, database)
        own = {"prefix": str(folder / "prefix"), "socket": str(self.socket), "processes": processes}
        (folder / "own.json").write_text(json.dumps(own))
        named = (files / "config.json", files / "wk-server-config.json", folder / "own.json")
        self._command = [sys.executable, "-m", "wakari.server.main", *(f"-c{path}" for path in named)]
        store = connect(uri, database)
        store.init()
        for name in self.people:
            Accounts(store).add(name, PASSWORD, actor="benchmark")
        store.close()

    def __enter__(self) -> Self:
        environment = {**os.environ, "PYTHONPATH": str(SERVICES)}
        with self._log.open("wb") as out:
            self._process = subprocess.Popen(self._command, env=environment, stdout=out, stderr=out)
        end = time.monotonic() + START_SECONDS
        while not self.socket.exists():
            if self._process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"wk-server does not start: {self._log.read_text()[-2000:]}")
            time.sleep(0.05)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)

    def processor(self) -> float:
        """Return the seconds of processor that the server's processes used so far (proc_pid_stat(5))."""
        ticks = 0
        for pid in self._pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory(self) -> int:
        """Return the bytes that the server's processes had in memory at most (VmHWM, proc_pid_status(5))."""
        peaks = [re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text()) for pid in self._pids()]
        return sum(int(peak[1]) << 10 for peak in peaks if peak)

    def _pids(self) -> list[str]:
        parent = str(self._process.pid)
        return [parent, *Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def sign_in(path: Path, person: str) -> bool:
    """Open the page, send its form; return whether there is a session after it."""
    connection = UnixConnection(path)
    try:
        connection.request("GET", "/login")
        answer = connection.getresponse()
        token = TOKEN.search(answer.read().decode())
        cookie = SimpleCookie(answer.getheader("Set-Cookie") or "")
        form = {"csrf_token": token[1] if token else "", "username": person, "password": PASSWORD}
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": URL,
            "Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in cookie.items()),
        }
        connection.request("POST", "/login", urlencode(form), headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status == http.client.SEE_OTHER and "wk_session" in str(answer.headers)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
