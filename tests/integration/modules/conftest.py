# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules against a real server: a process each, as Ansible starts them, and a log of every request."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.gatewaystand import GatewayStand
from tests.serverkit import Kit
from wakari.worker.worker import Worker

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = (
    "import sys, runpy; import ansible.module_utils.basic as b; b._ANSIBLE_PROFILE = 'legacy';"
    " b._ANSIBLE_ARGS = sys.stdin.buffer.read(); runpy.run_path(sys.argv[1], run_name='__main__')"
)
# In the API these change nothing that is there: a person proves who they are.
SIGN_IN = ("POST /api/v1/tokens",)


class Handler(WSGIRequestHandler):
    """Writes no log. Closes each connection; that they are kept alive, tests/unit/plugins/test_transport.py shows."""

    def log(self, *_: Any) -> None:
        pass


@dataclass
class Live:
    """The server on a port. `seen`: what was asked, method and path, in order."""

    kit: Kit
    stand: GatewayStand
    token: str = ""
    url: str = ""
    seen: list[str] = field(default_factory=list)
    answer: Callable[[str], tuple[str, list[tuple[str, str]]] | None] = lambda _: None

    def app(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        asked = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        self.seen.append(asked)
        if instead := self.answer(asked):
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start(instead[0], [("Content-Length", "0"), *instead[1]])
            return [b""]
        return self.kit.app(environ, start)

    @property
    def writes(self) -> list[str]:
        return [asked for asked in self.seen if not asked.startswith("GET ")]

    def forget(self) -> None:
        self.seen.clear()

    def run(self, module: str, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
        """Return the module's answer; `failed` is in it where it failed."""
        given = {
            "_ansible_check_mode": check,
            "_ansible_diff": True,
            "_ansible_remote_tmp": "/tmp",
            "server_url": self.url,
            **({"token": self.token} if "username" not in arguments else {}),
            **arguments,
        }
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", PROGRAM, str(ROOT / "plugins" / "modules" / f"{module}.py")],
            input=json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode(),
            env={**os.environ, "PYTHONPATH": str(ROOT / ".ansible" / "collections")},
            capture_output=True,
            check=False,
        )
        assert done.stdout, done.stderr.decode()
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def good(self, module: str, **arguments: Any) -> dict[str, Any]:
        answer = self.run(module, **arguments)
        assert not answer.get("failed"), answer["msg"]
        return answer

    def refused(self, module: str, **arguments: Any) -> str:
        answer = self.run(module, **arguments)
        assert answer.get("failed"), answer
        return str(answer["msg"])


@pytest.fixture
def live(kit: Kit) -> Iterator[Live]:
    """A server with a gateway `east` (nodes east-1 and east-2), a worker, and the people alice, bob, carol and dave."""
    stand = GatewayStand()
    place, stand.secret = kit.services.sites.register("east", stand.url, "", actor="test")
    stand.client_id = place.client_id
    for node in ("east-1", "east-2"):
        kit.services.sites.add_node(node, place.id, f"http://{node}.test:5002", "", actor="test")
    made = Live(kit, stand, kit.token(kit.user("wakari", "superuser")))
    for name in ("alice", "bob", "carol", "dave"):
        kit.user(name)
    kit.services.groups.add("physics", "", ["bob"], actor="test")
    server = make_server("127.0.0.1", 0, made.app, threaded=True, request_handler=Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    worker = Worker(kit.services.store, kit.services.sites, threads=1, health_interval=60.0)
    threads = [threading.Thread(target=work) for work in (server.serve_forever, worker.run)]
    for thread in threads:
        thread.start()
    yield made
    worker.stop.set()
    server.shutdown()
    for thread in threads:
        thread.join(20)
    server.server_close()
    stand.close()
