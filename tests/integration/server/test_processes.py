# SPDX-License-Identifier: GPL-3.0-or-later
"""wk-server and wakari-worker as supervisord runs them: real processes, a real socket, signals."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gatewaystand import GatewayStand, wait_for
from tests.serverkit import PASSWORD, Kit
from wakari.server.settings import ServerSettings

SERVICES = Path(__file__).parents[3] / "services"


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket, as NGINX speaks to wk-server."""

    def __init__(self, path: Path) -> None:
        super().__init__("server.test", timeout=10)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(str(self.path))


@pytest.fixture
def files(settings: ServerSettings, tmp_path: Path) -> list[str]:
    """Options for the programs: the prefix's files, and the socket in this test's folder."""
    extra = tmp_path / "extra.json"
    own = {"prefix": str(settings.prefix), "socket": str(tmp_path / "s.sock"), "processes": 2, "threads": 2}
    extra.write_text(json.dumps(own))
    folder = settings.prefix / "etc/wakari"
    named = (folder / "config.json", folder / "wk-server-config.json", extra)
    return [part for path in named for part in ("-c", str(path))]


def begin(module: str, files: list[str], log: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(SERVICES)}
    with log.open("wb") as out:
        return subprocess.Popen([sys.executable, "-m", module, *files], env=environment, stdout=out, stderr=out)


def end(process: subprocess.Popen[bytes]) -> int:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


@pytest.fixture
def served(files: list[str], tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = begin("wakari.server.main", files, tmp_path / "server.log")
    try:
        wait_for(lambda: (tmp_path / "s.sock").exists() or process.poll() is not None, 20)
        assert process.poll() is None, (tmp_path / "server.log").read_text()
        yield process
    finally:
        end(process)


def ask(path: Path, method: str, target: str, body: object = None) -> tuple[int, dict[str, object]]:
    connection = UnixConnection(path)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    connection.request(method, target, json.dumps(body) if body is not None else None, headers)
    answer = connection.getresponse()
    content = json.loads(answer.read())
    connection.close()
    return answer.status, content


def test_several_processes_answer_on_one_socket_and_end_on_sigterm(
    kit: Kit, served: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    kit.user("alice")
    sock = tmp_path / "s.sock"
    assert ask(sock, "GET", "/_wakari/health") == (200, {"status": "ok", "messages": []})
    status, content = ask(sock, "POST", "/api/v1/tokens", {"username": "alice", "password": PASSWORD})
    assert status == 201
    assert str(content["token"]).startswith("wk_")
    assert sock.stat().st_mode & 0o777 == 0o666  # its folder decides who comes in
    children = Path(f"/proc/{served.pid}/task/{served.pid}/children").read_text().split()
    assert len(children) >= 2
    assert end(served) == 0
    for line in (tmp_path / "server.log").read_text().splitlines():
        assert json.loads(line)["level"] in {"info", "warning"}, line
    assert str(content["token"]) not in (tmp_path / "server.log").read_text()


def test_the_worker_works_and_gives_back_its_task_on_sigterm(kit: Kit, files: list[str], tmp_path: Path) -> None:
    stand = GatewayStand()
    place, secret = kit.services.sites.register("east", stand.url, "", actor="test")
    stand.secret, stand.client_id = secret, place.client_id
    kit.services.sites.add_node("n1", place.id, "http://n1.test:5002", "", actor="test")
    alice = kit.user("alice")
    store = kit.services.store
    project = kit.project(alice)
    process = begin("wakari.worker.main", files, tmp_path / "worker.log")
    try:
        kit.services.lifecycle.start(kit.caller(alice), project)
        wait_for(lambda: store.projects.count(state="running") == 1, 20)
    finally:
        began = time.monotonic()
        assert end(process) == 0, (tmp_path / "worker.log").read_text()
        stand.close()
    assert time.monotonic() - began < 5
    lines = [json.loads(line) for line in (tmp_path / "worker.log").read_text().splitlines()]
    ended = [line for line in lines if line["message"] == "task ended"]
    assert ended[0]["project"] == "alice/demo"
    assert ended[0]["request_id"].startswith("task-")
    assert secret not in (tmp_path / "worker.log").read_text()


@pytest.mark.parametrize("module", ["wakari.server.main", "wakari.worker.main"])
def test_a_placeholder_for_the_secret_stops_the_start(
    settings: ServerSettings, files: list[str], tmp_path: Path, module: str
) -> None:
    (settings.prefix / "etc/wakari/secret-key").write_text("change-me-change-me-change-me-change-me-change-me")
    process = begin(module, files, tmp_path / "log")
    assert process.wait(20) == 3
    said = (tmp_path / "log").read_text()
    assert "secret-key" in said
    assert "openssl rand" in said
