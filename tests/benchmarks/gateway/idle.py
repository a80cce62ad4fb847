# SPDX-License-Identifier: GPL-3.0-or-later
"""Many WebSockets that say nothing: what each costs our data plane in memory and processor, and whether that stays so.

    python -m tests.benchmarks.gateway.idle [--sockets 5000] [--people 500] [--minutes 15] [--polled]

With --polled the feed of changes is away, so that every grant is looked at twice a second. Ends with 1 where the memory
grows or a socket is lost. Needs as many open files in this process as sockets, and as many in each of NGINX's workers.
"""

from __future__ import annotations

import argparse
import resource
import select
import socket
import sys
import time
from pathlib import Path

from tests.benchmarks.gateway.report import say
from tests.benchmarks.gateway.sockets import ECHO, MESSAGE, connect
from tests.benchmarks.gateway.stand import APP, PROJECT, USER, Candidate, data_plane, upstream
from tests.integration.gateway.control_plane import State
from tests.integration.gateway.proxy import Proxy

GROWTH = 1.03  # of the memory at half the time, when Lua's heap has come to its size: more is a leak
SAMPLE = 100  # sockets that must still echo at the end


def memory(pid: int) -> int:
    """Return the memory of NGINX and its workers, in bytes; what they share counts once."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    total = 0
    for one in [str(pid), *children]:
        rollup = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii")
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total * 1024


def open_all(proxy: Proxy, state: State, count: int, people: int) -> list[socket.socket]:
    """Return that many open WebSockets, of so many people."""
    for number in range(people):
        state.levels[f"user{number}", f"{USER}/{PROJECT}"] = "write"
    cookies = [state.cookie(f"user{number}", sid=f"sid{number}", jti=f"jti{number}") for number in range(people)]
    return [
        connect(proxy.port, f"{APP}/echo", [f"Cookie: wk_gateway={cookies[n % people]}", f"Origin: {proxy.url}"])
        for n in range(count)
    ]


def lost(opened: list[socket.socket]) -> int:
    """Return how many ended, or do not echo in a sample of them."""
    poll = select.poll()
    for sock in opened:
        poll.register(sock, select.POLLIN)
    ended = len(poll.poll(0))
    for sock in opened[:: max(1, len(opened) // SAMPLE)]:
        sock.setblocking(True)  # noqa: FBT003 - the standard library's
        sock.settimeout(10)
        sock.sendall(MESSAGE)
        ended += sock.recv(4096) != ECHO
    return ended


def watch(proxy: Proxy, state: State, count: int, people: int, seconds: float) -> bool:
    """Print the figures as they come; returns whether all is well at the end."""
    candidate = Candidate("ours", proxy.port, proxy.process.pid)
    first = open_all(proxy, state, 10, people)  # workers have loaded what they need
    empty = memory(candidate.pid)
    began = time.monotonic()
    opened = first + open_all(proxy, state, count - len(first), people)
    full = memory(candidate.pid)
    say(f"{len(opened)} WebSockets of {people} people opened in {time.monotonic() - began:.1f} s")
    say(
        f"memory {empty / 2**20:.1f} MiB before, {full / 2**20:.1f} after: {(full - empty) / count / 1024:.1f} KiB each"
    )
    step = min(60.0, seconds / 5)
    taken = []
    for number in range(1, max(2, round(seconds / step)) + 1):
        cpu, asked, start = candidate.cpu_seconds(), state.decisions, time.monotonic()
        time.sleep(step)
        took = time.monotonic() - start
        taken.append(memory(candidate.pid))
        share = (candidate.cpu_seconds() - cpu) / took * 100
        rate = (state.decisions - asked) / took
        used = f"{taken[-1] / 2**20:.1f} MiB, {share:.1f} % of a processor"
        say(f"after {number * step:5.0f} s: {used}, {rate:.0f} questions/s")
    missing = lost(opened)
    half = taken[(len(taken) - 1) // 2]
    say(f"memory at the end is {taken[-1] / half:.3f} of what it was at half the time; {missing} WebSockets lost")
    for sock in opened:
        sock.close()
    return taken[-1] <= half * GROWTH and missing == 0


def main() -> int:
    """Run it; returns 0 when memory stays and no socket is lost, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gateway.idle")
    parser.add_argument("--sockets", type=int, default=5000)
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--polled", action="store_true", help="without the feed of changes")
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with upstream() as port, data_plane(port) as (proxy, state):
        state.cut_feed(away=options.polled)
        time.sleep(1)  # the feed is up
        good = watch(proxy, state, options.sockets, options.people, options.minutes * 60)
    say("flat" if good else "NOT flat, or sockets lost")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
