# SPDX-License-Identifier: GPL-3.0-or-later
"""A Jupyter app as the helper launches it (manifest, configuration, environment, uid), without systemd around it."""

from __future__ import annotations

import http.client
import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import websocket

from wakari.compute import manifests
from wakari.compute.readiness import answers

FILES = Path(__file__).parents[3] / "roles/aen_compute/files"
PERSON = pwd.getpwnam("games")  # an account every Debian has, that owns nothing here
BEARER = {"X-Wakari-User": PERSON.pw_name, "X-Wakari-Credential": "bearer"}
COOKIE = {"X-Wakari-User": PERSON.pw_name, "X-Wakari-Credential": "cookie"}
_START = 60.0  # seconds
_AS_PERSON = ["setpriv", f"--reuid={PERSON.pw_uid}", f"--regid={PERSON.pw_gid}", "--clear-groups"]


@dataclass(frozen=True)
class JupyterApp:
    """A running app: its socket, its address, its project."""

    socket: Path
    prefix: str
    project: Path

    def ask(self, method: str, path: str, headers: dict[str, str], body: object = None) -> tuple[int, Any]:
        """Return status and content of an answer: JSON where it is, which some of Jupyter's own refusals only claim."""
        connection = http.client.HTTPConnection("gateway1", 8089, timeout=30)
        connection.sock = self._connected()
        content = None if body is None else json.dumps(body)
        connection.request(method, self.prefix + path, content, headers)
        response = connection.getresponse()
        raw = response.read()
        connection.close()
        try:
            is_json = response.headers.get_content_type() == "application/json"
            return response.status, json.loads(raw) if is_json and raw else raw
        except ValueError:
            return response.status, raw

    def channels(self, kernel: str, headers: dict[str, str], origin: str | None = None) -> websocket.WebSocket:
        """Return a WebSocket to a kernel."""
        return websocket.create_connection(
            f"ws://gateway1:8089{self.prefix}api/kernels/{kernel}/channels",
            socket=self._connected(),
            header=[f"{key}: {value}" for key, value in headers.items()],
            origin=origin,
            suppress_origin=origin is None,
            timeout=30,
        )

    def run(self, kernel: str, code: str) -> str:
        """Return what the code prints in a kernel."""
        message = {
            "header": {
                "msg_id": "m1",
                "username": "x",
                "session": "s1",
                "msg_type": "execute_request",
                "version": "5.3",
            },
            "parent_header": {},
            "metadata": {},
            "channel": "shell",
            "content": {"code": code, "silent": False, "allow_stdin": False},
        }
        channels = self.channels(kernel, BEARER)
        channels.send(json.dumps(message))
        printed = ""
        while True:
            answer = json.loads(channels.recv())
            if answer["parent_header"].get("msg_id") != "m1":
                continue
            printed += answer["content"].get("text", "") if answer["msg_type"] == "stream" else ""
            if answer["msg_type"] == "status" and answer["content"]["execution_state"] == "idle":
                channels.close()
                return printed

    def _connected(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(30)
        connection.connect(str(self.socket))
        return connection


def _renaming(name: str, folder: Path) -> list[str]:
    """Return what runs a command as PERSON, who has another name there: by a list of accounts of its own."""
    accounts = folder / "passwd"
    line = re.compile(f"^{PERSON.pw_name}:", re.MULTILINE)
    accounts.write_text(line.sub(f"{name}:", Path("/etc/passwd").read_text()))
    return ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/passwd && exec "$@"', str(accounts), *_AS_PERSON]


@contextmanager
def running(
    app: str,
    folder: Path,
    anaconda: Path,
    project: Path,
    *,
    extra: dict[str, str] | None = None,
    called: str | None = None,
) -> Iterator[JupyterApp]:
    """Run the app of the manifest until the end of the block; the folder holds its socket, home and log.

    `extra` is added to the app's environment; PERSON has the name `called` for the app, where it is given: a platform
    takes no system account's. A home that is there already is taken as it is.
    """
    runtime, home = folder / "run", folder / "home"
    for path in (runtime, home):
        path.mkdir(exist_ok=True)
        os.chown(path, PERSON.pw_uid, PERSON.pw_gid)
    shutil.copytree(FILES / "jupyter", folder / "etc/jupyter")
    manifest = manifests.read(FILES / "apps", app)
    url_prefix = f"/alice/p1/{app}/"
    user = called or PERSON.pw_name
    values = dict.fromkeys(manifests.PLACEHOLDERS, "") | {
        "socket": str(runtime / "app.sock"),
        "runtimeDir": str(runtime),
        "urlPrefix": url_prefix,
        "projectHome": str(project),
        "user": user,
        "anaconda": str(anaconda),
        "prefix": str(folder),
    }
    environment = manifest.variables(values) | {
        "HOME": str(home),
        "USER": user,
        "LANG": "C.UTF-8",
        "PATH": f"{project}/envs/default/bin:/usr/bin:/bin",
        "WAKARI_PROJECT_HOME": str(project),
        "WAKARI_PROJECT_ENV": str(project / "envs/default"),
        "WAKARI_ANACONDA": str(anaconda),
        **(extra or {}),
    }
    with (folder / "app.log").open("wb") as log:
        process = subprocess.Popen(
            [*(_renaming(called, folder) if called else _AS_PERSON), *manifest.command(values)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            cwd=project,
            umask=0o007,
        )
    try:
        deadline = time.monotonic() + _START
        while not answers(runtime / "app.sock", url_prefix + manifest.ready_path):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((folder / "app.log").read_text())
            time.sleep(0.1)
        yield JupyterApp(runtime / "app.sock", url_prefix, project)
    finally:
        process.terminate()
        process.wait(20)
