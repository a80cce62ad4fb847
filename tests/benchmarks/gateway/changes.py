# SPDX-License-Identifier: GPL-3.0-or-later
"""How soon a change holds: a route once its app is up, a closed WebSocket once its grant is withdrawn.

    python -m tests.benchmarks.gateway.changes [--trials 200]

Prints the median and the 99th percentile of each, in milliseconds; ends with 1 where a target is missed. The control
plane here answers at once: what the server needs until it tells of a change comes on top (docs/gateway.md, "Measured").
"""

from __future__ import annotations

import argparse
import http.client
import random
import select
import socket
import statistics
import sys
import time

from tests.benchmarks.gateway.report import say
from tests.benchmarks.gateway.sockets import connect
from tests.benchmarks.gateway.stand import USER, data_plane, upstream
from tests.integration.gateway.control_plane import State
from tests.integration.gateway.proxy import Proxy

ROUTE, TOLD, POLLED = 0.1, 2.0, 2.0  # seconds at the 99th percentile
STARTS = 0.1  # seconds an app of the first measurement takes to start
SPREAD = 5.0  # seconds over which the withdrawals of the third are spread: at any time of a decision's second


def _person(state: State, name: str, project: str) -> str:
    state.levels[name, f"{USER}/{project}"] = "write"
    return f"wk_gateway={state.cookie(name, sid=f'sid-{name}', jti=f'jti-{name}')}"


def routes(proxy: Proxy, state: State, trials: int) -> list[float]:
    """Return the seconds from an app's start to the answer of a request that waited for it."""
    took = []
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=20)
    for number in range(trials):
        cookie = _person(state, f"r{number}", f"routed{number}")
        state.opening_until = time.monotonic() + STARTS
        connection.request("GET", f"/{USER}/routed{number}/notebook/small", headers={"Cookie": cookie})
        answer = connection.getresponse()
        answer.read()
        took.append(time.monotonic() - state.opening_until)
        assert answer.status == http.client.OK
    state.opening_until = 0.0
    return took


def _open(proxy: Proxy, state: State, name: str) -> socket.socket:
    cookie = _person(state, name, "shared")
    return connect(proxy.port, f"/{USER}/shared/notebook/echo", [f"Cookie: {cookie}", f"Origin: {proxy.url}"])


def told(proxy: Proxy, state: State, trials: int) -> list[float]:
    """Return the seconds from a change that is told to the closed WebSocket."""
    took = []
    for number in range(trials):
        name = f"t{number}"
        sock = _open(proxy, state, name)
        state.levels[name, f"{USER}/shared"] = "none"
        began = time.monotonic()
        state.revoke(user=name)
        select.select([sock], [], [], 10)
        took.append(time.monotonic() - began)
        assert sock.recv(100) == b""
        sock.close()
    return took


def polled(proxy: Proxy, state: State, trials: int) -> list[float]:
    """Return the same for changes that nobody tells, withdrawn at any time."""
    chance = random.Random(1)  # noqa: S311 - no secret
    opened = {f"p{number}": _open(proxy, state, f"p{number}") for number in range(trials)}
    names = {sock.fileno(): name for name, sock in opened.items()}
    due = sorted((time.monotonic() + chance.random() * SPREAD, name) for name in opened)
    poll = select.epoll()
    for sock in opened.values():
        poll.register(sock, select.EPOLLIN)
    withdrawn: dict[str, float] = {}
    took: list[float] = []
    while len(took) < trials:
        while due and due[0][0] <= time.monotonic():
            name = due.pop(0)[1]
            state.levels[name, f"{USER}/shared"] = "none"
            withdrawn[name] = time.monotonic()
        for number, _ in poll.poll(0.005):
            took.append(time.monotonic() - withdrawn[names[number]])
            poll.unregister(number)
    return took


def show(name: str, took: list[float], target: float) -> bool:
    """Print one line; returns whether the target is met."""
    last = statistics.quantiles(took, n=100)[98]
    median = statistics.median(took) * 1000
    good = last <= target
    say(
        f"{name}: median {median:.0f} ms, 99th percentile {last * 1000:.0f} ms, worst {max(took) * 1000:.0f} ms"
        f" of {len(took)}; {'met' if good else 'MISSED'}: {target * 1000:.0f} ms"
    )
    return good


def main() -> int:
    """Run all three; returns 0 when the targets are met, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gateway.changes")
    parser.add_argument("--trials", type=int, default=200)
    trials = parser.parse_args().trials
    with upstream() as port, data_plane(port) as (proxy, state):
        good = show("route live once its app is up", routes(proxy, state, trials), ROUTE)
        state.cut_feed(away=False)
        time.sleep(1)  # the data plane is told that the feed is back
        good &= show("WebSocket closed, change told", told(proxy, state, trials), TOLD)
        state.cut_feed(away=True)
        time.sleep(1)
        good &= show("WebSocket closed, nobody tells", polled(proxy, state, trials), POLLED)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
