# SPDX-License-Identifier: GPL-3.0-or-later
"""The gateway's real NGINX with the role's own configuration and Lua, in a prefix of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).parents[3]
ROLES = ROOT / "roles"
MODULES = Path("/usr/lib/nginx/modules")
NOBODY = 65534  # the data plane never runs as root; neither does it here


def free_port() -> int:
    """Return a TCP port of loopback that nobody uses."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def make_prefix() -> Path:
    """Return a new prefix laid out as docs/gateway.md says, with our Lua in it."""
    prefix = Path(tempfile.mkdtemp(prefix="wk-gateway-test-"))
    for folder in ("etc/nginx", "etc/wakari/nodes.d", "lib/lua", "var/run", "var/log/wakari", "var/lib/nginx"):
        (prefix / folder).mkdir(parents=True)
    for source in [*ROLES.glob("aen_gateway/files/lua/*.lua"), *ROLES.glob("aen_common/files/lua/*.lua")]:
        shutil.copy(source, prefix / "lib" / "lua")
    if os.geteuid() == 0:
        for path in [prefix, *prefix.rglob("*")]:
            os.chown(path, NOBODY, NOBODY)
    return prefix


def render(prefix: Path, port: int, workers: int = 2, **more: object) -> Path:
    """Write `nginx.conf` from the role's template, with `more` of its variables; return its path."""
    environment = Environment(
        loader=FileSystemLoader(ROLES / "aen_gateway" / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        autoescape=False,  # noqa: S701 - a configuration file, from our own values
    )
    target = prefix / "etc" / "nginx" / "nginx.conf"
    target.write_text(
        environment.get_template("etc/nginx/nginx.conf.j2").render(
            ansible_managed="Ansible managed",
            __aen_gateway_prefix=str(prefix),
            aen_gateway_port=port,
            aen_gateway_proxy_workers=workers,
            __aen_common_nginx_modules=[MODULES / "ndk_http_module.so", MODULES / "ngx_http_lua_module.so"],
            **more,
        ),
        encoding="utf-8",
    )
    return target


class Proxy:
    """A running data plane."""

    def __init__(self, prefix: Path, **variables: object) -> None:
        self.prefix = prefix
        self.port = free_port()
        self.config = render(prefix, self.port, **variables)
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        user: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        with (self.prefix / "var/log/wakari/gateway.error.log").open("ab") as log:
            process = subprocess.Popen(["/usr/sbin/nginx", "-e", "stderr", "-c", str(self.config)], stderr=log, **user)
        # Written once it listens; the workers of a killed master may hold the port a while longer.
        pid = self.prefix / "var/run/wk-gateway-proxy.pid"
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if process.poll() is not None:
                break
            with socket.socket() as sock:
                ready = pid.exists() and pid.read_text(encoding="utf-8").strip() == str(process.pid)
                if ready and sock.connect_ex(("127.0.0.1", self.port)) == 0:
                    return process
            time.sleep(0.05)
        process.kill()
        raise AssertionError(self.errors())

    @property
    def host(self) -> str:
        """Return what stands in the Host header."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Return the base URL."""
        return f"http://{self.host}"

    def restart_after_kill(self) -> None:
        """Kill the master alone, as `kill -9` would, and start it anew as supervisord would."""
        self.process.kill()
        self.process.wait()
        self.process = self._start()

    def reload(self) -> None:
        """Make NGINX read its configuration again."""
        self.process.send_signal(signal.SIGHUP)

    def errors(self) -> str:
        """Return the error log."""
        return (self.prefix / "var/log/wakari/gateway.error.log").read_text(encoding="utf-8")

    def access_log(self) -> list[dict[str, Any]]:
        """Return the lines of gateway.log."""
        text = (self.prefix / "var/log/wakari/gateway.log").read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def raw(self, request: bytes, timeout: float = 10.0) -> bytes:
        """Return all that comes back for the bytes until the connection ends."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as sock:
            sock.sendall(request)
            answer = b""
            while data := sock.recv(65536):
                answer += data
        return answer

    def close(self) -> None:
        """Stop NGINX and remove the prefix."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.prefix)
