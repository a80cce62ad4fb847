# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that is not there any more says nothing, not even that: the kernel is told to ask (docs/gateway.md)."""

from __future__ import annotations

from pathlib import Path

from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.test_websockets import connect

ESTABLISHED, KEEPALIVE = "01", "02"  # proc_net_tcp: state, and which timer of the connection runs


def timers(port: int) -> list[str]:
    """Return the timer that runs for each connection to this port of loopback; `00` for none."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    wanted = f"0100007F:{port:04X}"
    return [fields[5].partition(":")[0] for fields in lines if fields[2] == wanted and fields[3] == ESTABLISHED]


def test_connections_to_a_node_are_asked_about_while_they_are_silent(gateway: Gateway) -> None:
    sockets = [connect(gateway) for _ in range(3)]
    assert gateway.get().status_code == 200  # one that is kept for the next request
    found = timers(gateway.node.server_port)
    assert len(found) >= len(sockets) + 1
    assert set(found) == {KEEPALIVE}
    for sock in sockets:
        sock.close()
