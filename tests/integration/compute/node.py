# SPDX-License-Identifier: GPL-3.0-or-later
"""A compute node's prefix on this machine, behind the real NGINX: the role's files, rendered as the role does."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import jinja2
import requests

from tests.authority import Certificate
from tests.integration.compute import nginx_process
from wakari.core import tokens

ROLES = Path(__file__).parents[3] / "roles"
NODE, CLIENT = "compute1", "dc1"
SERVICE = 990  # uid and gid of the service account in these tests
INSTANCE = "0123456789abcdef0123"


@dataclass(frozen=True)
class Node:
    """Where the node is and how to speak to it."""

    prefix: Path
    port: int
    key: str

    @property
    def apps(self) -> Path:
        return self.prefix / "run/apps"

    def token(self, **changed: str) -> str:
        names = {"issuer": f"gateway:{CLIENT}", "audience": f"node:{NODE}", "key": self.key} | changed
        return tokens.sign_request(names["key"], names["issuer"], names["audience"])

    def headers(self, **changed: str) -> dict[str, str]:
        return {"X-Wakari-Gateway": self.token(), "X-Wakari-App": INSTANCE, "X-Wakari-User": "alice"} | changed

    def get(self, path: str, headers: dict[str, str]) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=10)

    def reload(self) -> None:
        """Make NGINX read its configuration again."""
        os.kill(int((self.prefix / "var/run/wk-compute-proxy.pid").read_text()), signal.SIGHUP)

    def log(self) -> list[dict[str, object]]:
        text = (self.prefix / "var/log/wakari/compute-launcher.log").read_text()
        return [json.loads(line) for line in text.splitlines()]


@contextmanager
def running(tls: Certificate | None = None, gateway_url: str | None = None, client: str = CLIENT) -> Iterator[Node]:
    """Lay a prefix down as the role does, and run NGINX as the service account until the end of the block.

    With a certificate it speaks TLS, to the gateway at this address alone. `client` is its gateway's client id.
    """
    folder = Path(tempfile.mkdtemp(prefix="wakari-node-", dir="/var/tmp"))
    try:
        folder.chmod(0o755)
        node = Node(folder, nginx_process.free_port(), tokens.new_key())
        lay_down(node, tls, gateway_url, client)
        log = folder / "var/log/wakari/compute-launcher.error.log"
        with nginx_process.running(folder / "etc/nginx/nginx.conf", node.port, log, uid=SERVICE):
            yield node
    finally:
        shutil.rmtree(folder)


def lay_down(node: Node, tls: Certificate | None, gateway_url: str | None, client: str) -> None:
    prefix = node.prefix
    for name in ("etc/wakari", "etc/nginx", "lib/lua", "run/apps"):
        (prefix / name).mkdir(parents=True)
    for name in ("var/run", "var/log/wakari", "var/lib/nginx"):
        (prefix / name).mkdir(parents=True)
        os.chown(prefix / name, SERVICE, SERVICE)
    (prefix / "etc/wakari/node-key").write_text(node.key + "\n")
    config = {
        "node_name": NODE,
        "gateway_client_id": client,
        "run_dir": str(prefix / "run"),
        "gateway_url": gateway_url,
    }
    (prefix / "etc/wakari/wk-compute-launcher-config.json").write_text(json.dumps(config))
    for source in (ROLES / "aen_common/files/lua", ROLES / "aen_compute/files/lua"):
        for file in source.glob("*.lua"):
            shutil.copy(file, prefix / "lib/lua")
    template = (ROLES / "aen_compute/templates/etc/nginx/nginx.conf.j2").read_text()
    modules = Path("/usr/lib/nginx/modules")
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)  # noqa: S701 - no HTML: a file for NGINX
    rendered = environment.from_string(template).render(
        ansible_managed="test",
        ansible_facts={},
        __aen_compute_prefix=str(prefix),
        __aen_common_nginx_modules=[modules / "ndk_http_module.so", modules / "ngx_http_lua_module.so"],
        aen_compute_port=node.port,
        aen_compute_proxy_workers=1,
        __aen_compute_tls=tls is not None,
        __aen_compute_certificate=tls and tls.certificate,
        __aen_compute_certificate_key=tls and tls.key,
        __aen_compute_authorities=tls and tls.authority,
    )
    (prefix / "etc/nginx/nginx.conf").write_text(rendered)


class _Handler(BaseHTTPRequestHandler):
    """Answers with what arrived; on an upgrade, echoes bytes."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.headers.get("Upgrade"):
            self.send_response(101)
            self.send_header("Upgrade", "echo")
            self.send_header("Connection", "Upgrade")
            self.end_headers()
            while data := self.connection.recv(65536):
                self.connection.sendall(data)
            return
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        answer = json.dumps(
            {"path": self.path, "headers": dict(self.headers), "size": len(body), "peer": id(self.connection)}
        ).encode()
        self.send_response(502 if self.path.endswith("/own-502") else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET  # noqa: N815 - the names http.server looks for

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *_: object) -> None:
        pass


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


@contextmanager
def app(path: Path) -> Iterator[None]:
    """Run a tiny HTTP server on a Unix socket: an app as the data plane sees one."""
    path.parent.mkdir(exist_ok=True)
    os.chown(path.parent, 20000, SERVICE)
    path.parent.chmod(0o2750)
    server = _Server(str(path), _Handler)
    os.chown(path, 20000, SERVICE)
    path.chmod(0o660)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        path.unlink()
