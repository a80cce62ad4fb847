# SPDX-License-Identifier: GPL-3.0-or-later
"""The running platform as a test sees it: its API, its hosts over SSH, its apps through the gateway."""

from __future__ import annotations

import json
import os
import secrets
import shlex
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import requests
import websocket

ROOT = Path(__file__).resolve().parents[2]
# Another file where AEN_LOCAL_JSON names one: a platform that `make up` did not make.
LOCAL = Path(os.environ.get("AEN_LOCAL_JSON") or ROOT / ".aen" / "local.json")


@dataclass
class Account:
    """Somebody signed in to the API with a token."""

    name: str
    password: str
    api: str
    session: requests.Session = field(default_factory=requests.Session)

    def sign_in(self) -> Account:
        answer = self.session.post(
            f"{self.api}/tokens", json={"username": self.name, "password": self.password}, timeout=30
        )
        answer.raise_for_status()
        self.session.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return self

    @property
    def authorization(self) -> str:
        return str(self.session.headers["Authorization"])

    def call(self, method: str, path: str, body: object | None = None) -> Any:
        answer = self.session.request(method, self.api + path, json=body, timeout=60)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def project(self, name: str, **fields: Any) -> dict[str, Any]:
        """Create a project, start it and return it once it runs."""
        self.call("POST", "/projects", {"name": name, **fields})
        return self.start(f"{self.name}/{name}")

    def start(self, path: str, seconds: float = 120) -> dict[str, Any]:
        self.call("POST", f"/projects/{path}/start")
        return self.wait(path, "running", seconds)

    def wait(self, path: str, state: str, seconds: float = 120) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            project: dict[str, Any] = self.call("GET", f"/projects/{path}")
            if project["state"] == state:
                return project
            assert project["state"] != "error", project["reason"]
            time.sleep(0.2)
        raise AssertionError(f"{path} is {project['state']}, not {state}, after {seconds} s: {project}")


@dataclass(frozen=True)
class Site:
    """What LOCAL says of the platform."""

    server_url: str
    gateway_urls: dict[str, str]
    admin_user: str
    admin_password: str
    hosts: dict[str, dict[str, str]]
    ssh_key: str

    @classmethod
    def read(cls) -> Site:
        return cls(**json.loads(LOCAL.read_text()))

    @property
    def api(self) -> str:
        return f"{self.server_url}/api/v1"

    def admin(self) -> Account:
        return Account(self.admin_user, self.admin_password, self.api).sign_in()

    def new_account(self, prefix: str = "u", **fields: Any) -> Account:
        account = Account(f"{prefix}{secrets.token_hex(4)}", secrets.token_urlsafe(16), self.api)
        self.admin().call("POST", "/users", {"name": account.name, "password": account.password, **fields})
        return account.sign_in()

    def host_at(self, url: str) -> str:
        """Return the name of the host that this address of the platform leads to."""
        return next(name for name, host in self.hosts.items() if host["address"] == urlsplit(url).hostname)

    def supervise(self, host: str, tier: str, *words: str, check: bool = True) -> str:
        """Return what the tier's process manager answers on the host, such as to `restart wk-compute`."""
        prefix = f"/opt/wakari/wakari-{tier}"
        command = [f"{prefix}/bin/supervisorctl", f"--configuration={prefix}/etc/supervisord.conf", *words]
        return self.run(host, shlex.join(command), check=check)

    def run(self, host: str, command: str, *, check: bool = True) -> str:
        """Return what the command printed on the host, run there by root."""
        options = ("BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR")
        ssh = ["ssh", "-i", self.ssh_key, *(f"-o{option}" for option in options)]
        done = subprocess.run(
            [*ssh, f"admin@{self.hosts[host]['address']}", "sudo", "sh", "-c", shlex.quote(command)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert not check or done.returncode == 0, f"{host}: {command}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout.strip()


class Kernel:
    """A kernel of somebody's Notebook app, over the gateway's WebSocket. The suite closes what a test leaves open."""

    opened: ClassVar[list[websocket.WebSocket]] = []

    def __init__(self, account: Account, notebook: str) -> None:
        started = account.session.post(notebook + "api/kernels", json={}, timeout=120)
        assert started.ok, f"{started.status_code} {started.text}"
        self._connect(account, notebook, started.json()["id"])

    @classmethod
    def attach(cls, account: Account, notebook: str, kernel: str, seconds: float = 60) -> Kernel:
        """Return a new connection to a kernel that runs, once the way to it is open again."""
        deadline = time.monotonic() + seconds
        while not (answer := account.session.get(f"{notebook}api/kernels/{kernel}", timeout=90)).ok:
            assert time.monotonic() < deadline, f"{answer.status_code} {answer.text}"
            time.sleep(0.5)
        attached = cls.__new__(cls)
        attached._connect(account, notebook, kernel)
        return attached

    def _connect(self, account: Account, notebook: str, kernel: str) -> None:
        self.id = kernel
        self.socket = websocket.create_connection(
            notebook.replace("http", "ws", 1) + f"api/kernels/{kernel}/channels",
            header={"Authorization": account.authorization},
            timeout=60,
        )
        self.opened.append(self.socket)

    def wait_closed(self, seconds: float) -> float:
        """Return how many seconds it took until the other side closed; AssertionError where it did not in time."""
        began = time.monotonic()
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv():
                pass
        except (websocket.WebSocketConnectionClosedException, ConnectionError):
            pass
        except websocket.WebSocketTimeoutException:
            raise AssertionError(f"still open after {seconds} s") from None
        return time.monotonic() - began

    def run(self, code: str) -> str:
        """Return what the code printed and its value, stripped."""
        message_id = secrets.token_hex(8)
        header = {
            "msg_id": message_id,
            "msg_type": "execute_request",
            "session": "s",
            "username": "u",
            "version": "5.3",
        }
        content = {"code": code, "silent": False}
        self.socket.send(
            json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"})
        )
        said = ""
        while True:
            answer = json.loads(self.socket.recv())
            if answer["parent_header"].get("msg_id") != message_id:
                continue
            kind, content = answer["msg_type"], answer["content"]
            if kind == "stream":
                said += content["text"]
            elif kind == "execute_result":
                said += content["data"]["text/plain"]
            elif kind == "error":
                raise AssertionError("\n".join(content["traceback"]))
            elif kind == "status" and content["execution_state"] == "idle":
                return said.strip()
