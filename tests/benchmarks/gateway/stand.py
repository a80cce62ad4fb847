# SPDX-License-Identifier: GPL-3.0-or-later
"""What is compared: one upstream, and three proxies in front of it, each with an ephemeral port of loopback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tests.authority import Certificate
from tests.integration.gateway.control_plane import ControlPlane, State
from tests.integration.gateway.proxy import MODULES, Proxy, free_port, make_prefix
from tools.channel.cli import cache_directory

HERE = Path(__file__).parent
CHP_VERSION = "5.3.0"
WORKERS = 2  # of both NGINXes in front; CHP has one process by its nature
USER, PROJECT = "alice", "bench"
APP = f"/{USER}/{PROJECT}/notebook"
LARGE = 10 << 20  # bytes


@dataclass(frozen=True)
class Candidate:
    """A proxy that runs: its port, its main process, and what a signed-in browser sends to it."""

    name: str
    port: int
    pid: int
    headers: dict[str, str] = field(default_factory=dict)
    scheme: str = "http"

    @property
    def url(self) -> str:
        """Return the app's address, without the `/` at its end."""
        return f"{self.scheme}://127.0.0.1:{self.port}{APP}"

    def cpu_seconds(self) -> float:
        """Return the processor time that it and its workers have used so far."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii").split()
        ticks = 0
        for pid in [str(self.pid), *children]:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])  # utime and stime, proc(5)
        return ticks / os.sysconf("SC_CLK_TCK")


class StandError(Exception):
    """A part of the benchmark cannot be had; the message says what to do."""


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise StandError(f"{process.args!r} does not listen on port {port}")


@contextmanager
def _running(command: list[str], port: int, **environment: str) -> Iterator[int]:
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def _nginx(template: str, **values: object) -> Iterator[tuple[int, int]]:
    """Run NGINX with a configuration of this folder; yields its port and process id."""
    prefix, port = Path(tempfile.mkdtemp(prefix="bench-gateway-")), free_port()
    prefix.chmod(0o755)  # NGINX's workers are another user than root
    environment = Environment(
        loader=FileSystemLoader(HERE),
        undefined=StrictUndefined,
        trim_blocks=True,
        autoescape=False,  # noqa: S701 - a configuration file, from our own values
    )
    config = prefix / "nginx.conf"
    config.write_text(environment.get_template(template).render(prefix=prefix, port=port, here=HERE, **values))
    (prefix / "large").write_bytes(os.urandom(LARGE))
    try:
        with _running(["/usr/sbin/nginx", "-e", "stderr", "-c", str(config)], port) as pid:
            yield port, pid
    finally:
        shutil.rmtree(prefix)


@contextmanager
def upstream(tls: Certificate | None = None) -> Iterator[int]:
    """Run what all candidates pass to; yields its port. With a certificate it asks for one, as a node does."""
    modules = [MODULES / "ndk_http_module.so", MODULES / "ngx_http_lua_module.so"]
    with _nginx("upstream.conf.j2", modules=modules, tls=tls) as it:
        yield it[0]


@contextmanager
def plain(port: int) -> Iterator[Candidate]:
    """Run NGINX with nothing but `proxy_pass`."""
    with _nginx("plain.conf.j2", workers=WORKERS, upstream=port) as (own, pid):
        yield Candidate("plain NGINX", own, pid)


def install_chp() -> Path:
    """Return the program configurable-http-proxy, installed from npm where the cache has none.

    Raises:
        StandError: there is no npm, or it failed.
    """
    folder = cache_directory() / "benchmarks" / f"chp-{CHP_VERSION}"
    program = folder / "node_modules" / ".bin" / "configurable-http-proxy"
    if not program.exists():
        if not shutil.which("npm"):
            raise StandError("npm is missing: apt-get install npm")
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(folder)]
        command += [f"configurable-http-proxy@{CHP_VERSION}"]
        if subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode:
            raise StandError(f"npm could not install configurable-http-proxy {CHP_VERSION}; its message is above")
    return program


@contextmanager
def chp(port: int) -> Iterator[Candidate]:
    """Run configurable-http-proxy, which JupyterHub uses; it asks nobody anything either."""
    own, api = free_port(), free_port()
    command = ["node", str(install_chp()), "--ip=127.0.0.1", f"--port={own}", "--api-ip=127.0.0.1", f"--api-port={api}"]
    command += [f"--default-target=http://127.0.0.1:{port}", "--log-level=error"]
    with _running(command, own, CONFIGPROXY_AUTH_TOKEN=os.urandom(16).hex(), NODE_ENV="production") as pid:
        yield Candidate("CHP", own, pid)


class FilledProxy(Proxy):
    """Our data plane that starts with this many routes and decisions of other people in its tables."""

    def __init__(self, prefix: Path, entries: int) -> None:
        self._entries = entries
        super().__init__(prefix)

    def _start(self) -> subprocess.Popen[bytes]:
        text = self.config.read_text(encoding="utf-8")
        marker = "gateway.init {"
        assert marker in text
        fill = f'package.path = "{HERE}/?.lua;" .. package.path require("fill")({self._entries})'
        self.config.write_text(text.replace(marker, f"{fill}\n        {marker}"), encoding="utf-8")
        return super()._start()


@contextmanager
def data_plane(port: int, entries: int = 0) -> Iterator[tuple[Proxy, State]]:
    """Run our data plane with the role's configuration and Lua, against the control plane's contract."""
    prefix = make_prefix()
    state = State(node_port=port)
    state.levels[USER, f"{USER}/{PROJECT}"] = "write"
    control = ControlPlane(prefix / "var/run/wk-gateway.sock", state)
    try:
        proxy = FilledProxy(prefix, entries) if entries else Proxy(prefix)
        state.external_url = proxy.url
        try:
            yield proxy, state
        finally:
            proxy.close()
    finally:
        control.close()


@contextmanager
def ours(port: int, entries: int = 0) -> Iterator[Candidate]:
    """Run our data plane as a candidate."""
    with data_plane(port, entries) as (proxy, state):
        headers = {"Cookie": f"wk_gateway={state.cookie(USER)}; _xsrf=2|1234|5678", "Origin": proxy.url}
        yield Candidate(f"ours, {entries} entries" if entries else "ours", proxy.port, proxy.process.pid, headers)


@contextmanager
def all_candidates() -> Iterator[list[Candidate]]:
    """Run the upstream and the three; yields them in the order of the tables."""
    with ExitStack() as stack:
        port = stack.enter_context(upstream())
        first = stack.enter_context(ours(port))
        # A browser sends its cookies to whatever proxy there is: the same request to all three.
        others = [replace(stack.enter_context(kind(port)), headers=first.headers) for kind in (plain, chp)]
        yield [first, *others]


@contextmanager
def filled(sizes: list[int]) -> Iterator[list[Candidate]]:
    """Run our data plane once for each size of its tables."""
    with ExitStack() as stack:
        port = stack.enter_context(upstream())
        yield [stack.enter_context(ours(port, size)) for size in sizes]
