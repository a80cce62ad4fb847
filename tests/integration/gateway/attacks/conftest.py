# SPDX-License-Identifier: GPL-3.0-or-later
"""The real path of a request: our data plane, a node's data plane, an app that keeps what reaches it. Two projects."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.integration.compute import node as nodes
from tests.integration.gateway.attacks.witness import Witness, witness
from tests.integration.gateway.control_plane import ControlPlane, State
from tests.integration.gateway.proxy import Proxy, make_prefix

OWN, OTHER = "00000000000000000001", "00000000000000000010"


@dataclass
class Path:
    """What an attack aims at. `alice` may use `/alice/p1`, and nothing of `/alice/p10`, whose app runs beside it."""

    proxy: Proxy
    state: State
    own: Witness
    other: Witness

    app = "/alice/p1/notebook"
    forbidden = "/alice/p10/notebook"

    @property
    def cookie(self) -> str:
        return f"wk_gateway={self.state.cookie('alice')}"

    def head(self, method: str = "GET", target: str = "/alice/p1/notebook/x", *lines: str, close: bool = True) -> bytes:
        """Return a request's head as alice's browser sends it, with further lines, without the empty one."""
        all_lines = [
            f"{method} {target} HTTP/1.1",
            f"Host: {self.proxy.host}",
            f"Cookie: {self.cookie}",
            f"Origin: {self.proxy.url}",
            *(["Connection: close"] if close else []),
            *lines,
        ]
        return ("\r\n".join(all_lines) + "\r\n").encode("latin-1")

    def send(self, request: bytes) -> bytes:
        """Return all that comes back; nothing hangs longer than its time-out."""
        return self.proxy.raw(request, timeout=15)

    def status(self, request: bytes) -> int:
        """Return the first answer's status; 0 where the connection was closed without one."""
        answer = self.send(request)
        return int(answer.split(b" ", 2)[1]) if answer else 0

    def check(self) -> None:
        """Fail where anything reached the app it must not reach, or could be read in two ways."""
        assert self.other.seen == []
        assert self.own.failed == []
        assert self.other.failed == []
        assert [seen.line for seen in self.own.seen if "smuggled" in seen.line] == []


@pytest.fixture(scope="session")
def real_path() -> Iterator[Path]:
    prefix = make_prefix()
    with (
        nodes.running() as compute,
        witness(compute.apps, OWN) as own,
        witness(compute.apps, OTHER) as other,
    ):
        state = State(node_port=compute.port, node_key=compute.key, audience=f"gateway:{nodes.CLIENT}")
        state.instances = {"alice/p1": OWN, "alice/p10": OTHER}
        state.levels = {("alice", "alice/p1"): "write", ("bob", "alice/p10"): "write"}
        control = ControlPlane(prefix / "var/run/wk-gateway.sock", state)
        proxy = Proxy(prefix)
        state.external_url = proxy.url
        yield Path(proxy, state, own, other)
        proxy.close()
        control.close()


@pytest.fixture
def path(real_path: Path) -> Iterator[Path]:
    real_path.own.seen.clear()
    real_path.other.seen.clear()
    real_path.own.failed.clear()
    real_path.other.failed.clear()
    yield real_path
    time.sleep(0.02)  # what was let through by mistake arrives
    real_path.check()
