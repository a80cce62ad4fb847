# SPDX-License-Identifier: GPL-3.0-or-later
"""A site on loopback: the real server over a real mongod, a registered gateway (both programs), a node behind it."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from tests.integration.gateway.node import Node
from tests.integration.gateway.proxy import NOBODY, ROOT, Proxy, free_port, make_prefix
from tests.mongod import Mongod
from tests.serverkit import PASSWORD, Kit, write_prefix
from wakari.server import settings as server_settings
from wakari.server.app import create_app
from wakari.server.services import EXTENSION
from wakari.store.records import Project

PERSON = {"Accept": "text/html,application/xhtml+xml"}


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Be silent."""


@dataclass
class Server:
    """The server's real application on a port of its own; it can go away and come back."""

    app: Flask
    port: int
    _running: BaseWSGIServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._running = make_server("127.0.0.1", self.port, self.app, threaded=True, request_handler=_Quiet)
        threading.Thread(target=self._running.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        if self._running is not None:
            self._running.shutdown()
            self._running.server_close()
            self._running = None


@dataclass
class Site:
    """Everything a test of the whole gateway touches."""

    server: Server
    kit: Kit
    node: Node
    proxy: Proxy
    control: subprocess.Popen[bytes]
    names: list[str] = field(default_factory=list)

    def new_project(self, state: str = "running") -> Project:
        """Return a project of a new person, on the one node, in this state."""
        owner = self.kit.user(f"person{len(self.names)}")
        self.names.append(owner.name)
        project = self.kit.project(owner, "demo")
        changed = self.kit.services.store.projects.update(project.id, {"state": state})
        assert changed is not None
        return changed

    def kill_control(self) -> None:
        """End the control plane with its processes at once, as a crash of the machine's memory would."""
        os.killpg(self.control.pid, signal.SIGKILL)
        self.control.wait()

    def restart_control(self) -> None:
        """Start the control plane that was killed again."""
        (self.proxy.prefix / "var/run/wk-gateway.sock").unlink(missing_ok=True)
        self.control = start_control(self.proxy.prefix)

    def app_url(self, project: Project) -> str:
        return f"{self.proxy.url}/{project.owner}/{project.name}/notebook/"

    def bearer(self, user: str) -> dict[str, str]:
        found = self.kit.services.store.users.get(user)
        assert found is not None
        return {"Authorization": f"Bearer {self.kit.token(found)}"}

    def browser(self, user: str, address: str) -> tuple[requests.Session, requests.Response]:
        """Open the address as a person does who is signed in nowhere; return the browser and the last page."""
        browser = requests.Session()
        browser.headers.update(PERSON)
        form = browser.get(address, timeout=20)
        found = re.search(r'name="csrf_token" value="([^"]+)"', form.text)
        assert found, form.text[:500]
        fields = {"csrf_token": found[1], "username": user, "password": PASSWORD}
        hidden = re.search(r'name="next" value="([^"]*)"', form.text)
        if hidden:
            fields["next"] = hidden[1].replace("&amp;", "&")
        page = browser.post(form.url, data=fields, headers={"Origin": self.server.url}, timeout=20)
        return browser, page


def configure(prefix: Path, server: str, port: int, *extra: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run `wk-gateway-configure` as the role does."""
    account = pwd.getpwuid(NOBODY if os.geteuid() == 0 else os.geteuid()).pw_name
    command = [
        *(sys.executable, "-m", "wakari.cli.gateway_configure", "--server", server, "--host", "127.0.0.1"),
        *("--port", str(port), "--name", "dc1", "--summary", "First", "--prefix", str(prefix), "--account", account),
        *("--json", *extra),
    ]
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, check=False, env=_environment(), timeout=60
    )


def start_control(prefix: Path) -> subprocess.Popen[bytes]:
    """Run `wk-gateway` as the service account; return once it answers on its socket."""
    user: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    command = [sys.executable, "-m", "wakari.gateway.main", "-c", str(prefix / "etc/wakari/wk-gateway-config.json")]
    log_file = prefix / "var/log/wakari/gateway.application.log"
    with log_file.open("ab") as log:
        process = subprocess.Popen(command, stderr=log, cwd="/", env=_environment(), start_new_session=True, **user)
    deadline = time.monotonic() + 20
    while not (prefix / "var/run/wk-gateway.sock").exists():
        assert process.poll() is None, log_file.read_text()
        assert time.monotonic() < deadline, log_file.read_text()
        time.sleep(0.05)
    return process


def _environment() -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "services"), "PYTHONDONTWRITEBYTECODE": "1"}


@contextmanager
def server(mongod: Mongod, database: str) -> Iterator[Server]:
    """Run the server's application over the database."""
    folder = Path(tempfile.mkdtemp(prefix="wk-server-test-"))
    port = free_port()
    etc = write_prefix(folder / "prefix", mongod.uri, database)
    url = f"http://127.0.0.1:{port}"
    (etc / "config.json").write_text(json.dumps({"WAKARI_SERVER": url, "CDN": url}), encoding="utf-8")
    app = create_app(server_settings.load(prefix=folder / "prefix"))
    services = app.extensions[EXTENSION]
    services.store.init()
    made = Server(app, port)
    made.start()
    try:
        yield made
    finally:
        made.stop()
        services.store.close()
        shutil.rmtree(folder)


@contextmanager
def site(mongod: Mongod, database: str) -> Iterator[Site]:
    """Set the site up as the playbook does: server, administrator, registration, node file, both programs."""
    with server(mongod, database) as running:
        kit = Kit(running.app, running.app.extensions[EXTENSION])
        kit.user("wakari", "superuser")
        prefix = make_prefix()
        node = Node()
        proxy = Proxy(prefix)
        done = configure(prefix, running.url, proxy.port, "--password-file", "-", stdin=PASSWORD + "\n")
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        node.gateway = f"gateway:{told['client_id']}"
        url = f"http://127.0.0.1:{node.server_port}"
        file = prefix / "etc/wakari/nodes.d/compute1.json"
        file.write_text(json.dumps({"name": "compute1", "url": url, "key": node.key}), encoding="utf-8")
        kit.services.sites.add_node("compute1", told["data_center"], url, "", actor="test")
        made = Site(running, kit, node, proxy, start_control(prefix))
        try:
            yield made
        finally:
            made.control.terminate()
            made.control.wait(30)
            proxy.close()
            node.close()
