# SPDX-License-Identifier: GPL-3.0-or-later
"""wk-compute as a real process behind the node's NGINX, with the real root helper. Apps need systemd: test hosts."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.integration.compute import node as nodes
from tests.integration.compute.node import NODE, SERVICE, Node
from tests.integration.helper import host as hosts
from tests.integration.helper.host import Host, project
from wakari.core.http import Client, Peer

pytestmark = pytest.mark.root
SERVICES = Path(__file__).parents[3] / "services"
_MAIN = "import sys; from wakari.compute.main import main; raise SystemExit(main(sys.argv[1:]))"


@contextmanager
def launcher(node: Node, host: Host) -> Iterator[None]:
    """Run wk-compute with the node's configuration until the end of the block."""
    config = node.prefix / "etc/wakari/wk-compute-launcher-config.json"
    values = json.loads(config.read_text()) | {
        "prefix": str(node.prefix),
        "projectRoot": str(host.projects),
        "helper_command": host.command(),
        "processes": 1,
    }
    config.write_text(json.dumps(values))
    path = node.prefix / "var/run/wk-compute.sock"
    environment = {"PYTHONPATH": str(SERVICES), "PATH": "/usr/bin:/bin"}
    with (node.prefix / "var/log/wakari/application.log").open("wb") as log:
        command = [sys.executable, "-c", _MAIN, "-c", str(config)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=log, env=environment, cwd="/")
    try:
        deadline = time.monotonic() + 20
        while not path.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        os.chown(path, SERVICE, SERVICE)  # here root runs the launcher, for it runs the helper without sudo
        yield
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture(scope="module")
def parts() -> Iterator[tuple[Node, Host]]:
    with nodes.running() as node, hosts.laid_down() as host, launcher(node, host):
        yield node, host


@pytest.fixture
def node(parts: tuple[Node, Host]) -> Node:
    return parts[0]


@pytest.fixture
def host(parts: tuple[Node, Host]) -> Host:
    return parts[1]


def call(node: Node, method: str, path: str, body: Any = None, **claims: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {node.token(**claims)}", "X-Request-Id": "launcher-test"}
    return requests.request(method, f"http://127.0.0.1:{node.port}{path}", json=body, headers=headers, timeout=60)


def peer(node: Node) -> Peer:
    return Peer(NODE, f"http://127.0.0.1:{node.port}", node.key, f"gateway:{nodes.CLIENT}", f"node:{NODE}")


def code_of(response: requests.Response) -> tuple[int, str]:
    return response.status_code, str(response.json()["error"]["code"])


def test_status_says_what_is_wrong(node: Node) -> None:
    response = call(node, "GET", "/_wakari/v1/status")
    assert response.json()["node"] == NODE
    assert response.json()["status"] == "degraded"  # no systemd on the machine of the tests
    assert any("systemd" in message for message in response.json()["messages"])
    assert any("'wakari-public' of ANON_USER" in message for message in response.json()["messages"])
    assert response.headers["X-Request-Id"] == "launcher-test"


def test_job_streams_progress_and_ends_with_the_result(node: Node, host: Host) -> None:
    lines = list(
        Client().stream(
            peer(node),
            "/_wakari/v1/jobs",
            {"verb": "start-project", "project": project("streamed"), "requested_by": "alice"},
        )
    )
    steps = list(dict.fromkeys(line["step"] for line in lines[:-1]))
    assert steps == ["accounts", "skeleton", "environment", "permissions", "ready"]
    assert lines[-1]["result"]["path"] == str(host.projects / "alice/streamed")


def test_failure_of_a_job_is_its_last_line(node: Node) -> None:
    spec = project(owner={"name": hosts.SERVICE, "uid": 20009, "gid": 20009})
    body = {"verb": "start-project", "project": spec, "requested_by": "alice"}
    last = json.loads(call(node, "POST", "/_wakari/v1/jobs", body).text.splitlines()[-1])
    assert (last["error"]["code"], last["error"]["request_id"]) == ("service_account_refused", "launcher-test")


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {},
        {"verb": "shell", "project": project(), "requested_by": "alice"},
        {"verb": "start-project", "project": project("../p"), "requested_by": "alice"},
        {"verb": "start-project", "project": project(), "requested_by": "alice", "extra": 1},
        {"verb": "start-project", "project": project(), "requested_by": "alice", "node": "compute2"},
    ],
)
def test_bad_job_is_refused(node: Node, body: Any) -> None:
    status, code = code_of(call(node, "POST", "/_wakari/v1/jobs", body))
    assert (status, code in {"request_invalid", "node_wrong"}) == (422, True)


def test_launcher_checks_the_signature_itself(node: Node) -> None:
    """NGINX in front has checked it before; whoever reaches the socket past NGINX is not believed either."""
    for token in ("", "x.y.z", node.token(issuer="gateway:dc2"), node.token(audience="node:compute2")):
        assert ask_socket(node, token) == 401
    assert ask_socket(node, node.token()) == 200


def ask_socket(node: Node, token: str) -> int:
    connection = http.client.HTTPConnection("launcher", timeout=20)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(node.prefix / "var/run/wk-compute.sock"))
    connection.request("GET", "/_wakari/v1/status", headers={"Authorization": f"Bearer {token}"})
    status = connection.getresponse().status
    connection.close()
    return status


def test_app_of_a_project_that_never_started(node: Node) -> None:
    write_manifest(node)
    body = {"project": project("never"), "user": hosts.ALICE, "level": "admin", "app": "demo"}
    assert code_of(call(node, "POST", "/_wakari/v1/apps/open", body)) == (409, "project_not_started")


@pytest.mark.parametrize(("role", "level"), [("viewer", "admin"), ("member", "read"), ("member", "none")])
def test_app_needs_the_level_from_the_team_and_from_the_server(node: Node, role: str, level: str) -> None:
    write_manifest(node)
    spec = project("never", members=[{**hosts.CAROL, "role": role}])
    body = {"project": spec, "user": hosts.CAROL, "level": level, "app": "demo"}
    assert code_of(call(node, "POST", "/_wakari/v1/apps/open", body)) == (403, "app_forbidden")


@pytest.mark.parametrize(
    ("public", "level", "permission", "expected"),
    [
        (True, "read", "read", (409, "project_not_started")),  # allowed, as far as that goes
        (True, "read", "write", (403, "app_forbidden")),
        (False, "read", "read", (403, "app_forbidden")),
        (True, "write", "read", (422, "request_invalid")),
        (True, "none", "read", (422, "request_invalid")),
    ],
)
def test_somebody_not_signed_in_may_only_look_and_only_at_public_projects(
    node: Node, public: bool, level: str, permission: str, expected: tuple[int, str]
) -> None:
    write_manifest(node, permission)
    body = {"project": project("never", public=public), "user": None, "level": level, "app": "demo"}
    assert code_of(call(node, "POST", "/_wakari/v1/apps/open", body)) == expected


def test_check_of_permissions_is_a_job(node: Node, host: Host) -> None:
    def job(verb: str) -> dict[str, Any]:
        body = {"verb": verb, "project": project("checked"), "requested_by": "alice"}
        last = json.loads(call(node, "POST", "/_wakari/v1/jobs", body).text.splitlines()[-1])
        return dict(last["result"]["permissions"])

    job("start-project")
    assert job("check-permissions")["wrong"] == 0
    (host.projects / "alice/checked/Welcome.txt").chmod(0o604)
    found = job("check-permissions")
    assert (found["wrong"], found["changed"], found["problems"][0]["path"]) == (1, 0, "Welcome.txt")


def test_app_that_is_not_offered(node: Node) -> None:
    body = {"project": project(), "user": hosts.ALICE, "level": "admin", "app": "absent"}
    assert code_of(call(node, "POST", "/_wakari/v1/apps/open", body)) == (404, "app_unknown")


def write_manifest(node: Node, permission: str = "write") -> None:
    folder = node.prefix / "etc/wakari/apps"
    folder.mkdir(exist_ok=True)
    manifest = {"name": "demo", "title": "Demo", "command_list": ["/bin/true"], "permission": permission}
    (folder / "demo.json").write_text(json.dumps(manifest))
