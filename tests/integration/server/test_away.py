# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's NGINX, with the role's own site, while wk-server does not answer."""

from __future__ import annotations

import http.server
import os
import shutil
import socketserver
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tests.integration.gateway.proxy import ROLES, free_port


@dataclass
class Front:
    """A running NGINX; `socket` is where it looks for wk-server."""

    url: str
    socket: Path


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    folder = Path(tempfile.mkdtemp(prefix="wk-server-front-"))
    folder.chmod(0o755)
    port = free_port()
    environment = Environment(
        loader=FileSystemLoader(ROLES / "aen_server/templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        autoescape=False,  # noqa: S701 - configuration and a page without input
    )
    for name in ("www.enterprise.conf", "away.html"):
        text = environment.get_template(f"etc/conf.d/{name}.j2").render(
            ansible_managed="Ansible managed",
            __aen_server_prefix=str(folder),
            __aen_server_site="127.0.0.1",
            __aen_server_static=str(folder),
            __aen_server_tls=False,
        )
        text = text.replace("listen 80 default_server", f"listen 127.0.0.1:{port} default_server")
        text = text.replace("/var/log/nginx", str(folder)).replace("/tmp/wakari-server.sock", f"{folder}/wk.sock")
        (folder / "etc/conf.d").mkdir(parents=True, exist_ok=True)
        (folder / "etc/conf.d" / name).write_text(text, encoding="utf-8")
    paths = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"daemon off; {user} pid {folder}/pid; events {{}} http {{ include /etc/nginx/mime.types; {paths}"
        f" access_log off; include {folder}/etc/conf.d/www.enterprise.conf; }}",
        encoding="utf-8",
    )
    process = subprocess.Popen(["/usr/sbin/nginx", "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"])
    found = Front(f"http://127.0.0.1:{port}", folder / "wk.sock")
    deadline = time.monotonic() + 10
    while True:
        try:
            requests.get(found.url, timeout=5)
            break
        except requests.ConnectionError:
            assert process.poll() is None, (folder / "error.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
    yield found
    process.terminate()
    process.wait(10)
    shutil.rmtree(folder)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_people_get_a_page_that_tries_again(front: Front, method: str) -> None:
    answer = requests.request(method, front.url + "/alice/demo", timeout=10)
    assert answer.status_code == 503
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "The server is starting" in answer.text
    assert answer.headers["Refresh"] == answer.headers["Retry-After"] == "3"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("path", ["/api/v1/projects", "/oauth/token", "/_wakari/health"])
def test_programs_get_an_error_of_our_shape(front: Front, path: str) -> None:
    answer = requests.post(front.url + path, headers={"Accept": "text/html"}, timeout=10)
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/json")
    error = answer.json()["error"]
    assert (error["code"], error["request_id"]) == ("server_away", answer.headers["X-Request-Id"])


def test_the_page_has_no_address_of_its_own(front: Front) -> None:
    assert requests.get(front.url + "/_away.html", timeout=10).status_code == 404


class _Refusing(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(502)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"own")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Be silent."""

    def address_string(self) -> str:
        return "unix"


def test_what_the_server_itself_says_is_left_alone(front: Front) -> None:
    with socketserver.ThreadingUnixStreamServer(str(front.socket), _Refusing) as server:
        front.socket.chmod(0o666)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        answer = requests.get(front.url + "/alice", timeout=10)
        server.shutdown()
    front.socket.unlink()
    assert (answer.status_code, answer.text) == (502, "own")
