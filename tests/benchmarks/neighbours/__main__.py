# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of a neighbour's runaway a person feels: request times beside a bomb, and at rest.

    python -m tests.benchmarks.neighbours [--rounds N] [--seconds S]

Asks the running platform (`make up`, or the one AEN_LOCAL_JSON describes). Two people have a Notebook on one node; each
round measures one person's requests at rest, beside a bomb of memory and beside a bomb of processes in the other's
kernel, so that a busy machine slows all three. Ends with 1 where the median of the rounds' ratios misses the goal of
requests; the time of a cell, which is work for the processor, is told without one.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import threading
import time
from collections.abc import Callable

from tests.functional.neighbours import Neighbours, Tenant, close_kernels, settle
from tests.functional.platform import Site

GOAL = 1.2  # of the time at rest
Asks = dict[str, Callable[[], None]]
Times = dict[str, list[float]]  # seconds, by what was asked
REQUEST = "an API request of Jupyter"
PAUSE = 0.02  # seconds between two requests of a person
# Each is said in the other's kernel; {0} seconds long.
BOMBS = {
    "memory": """
import time
until = time.time() + {0}
while time.time() < until:
    said(sys.executable, "-c", "x = []\\nwhile True: x.append(bytearray(1 << 24))")
""",
    "processes": """
said(sys.executable, "-c", '''
import os, time
until = time.time() + {0}
while time.time() < until:
    try:
        child = os.fork()
    except BlockingIOError:
        time.sleep(0.01)
        continue
    if child == 0:
        while time.time() < until:
            pass
        os._exit(0)
''')
""",
}


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.neighbours")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8.0, help="how long each of the three is measured")
    options = parser.parse_args()
    both = settle(Site.read())
    limits = both.settings()["app_limits"]
    say(f"limits of one app: {limits}")
    asks = {REQUEST: _request(both.keeper), "a cell of the kernel": _cell(both.keeper)}
    ratios: dict[tuple[str, str], list[float]] = {(what, name): [] for what in asks for name in BOMBS}
    for _ in range(options.rounds):
        rest = _times(asks, options.seconds)
        _tell("at rest", rest)
        for name, bomb in BOMBS.items():
            beside = _beside(both, bomb, asks, options.seconds)
            _tell(name, beside)
            for what in asks:
                ratios[what, name].append(statistics.median(beside[what]) / statistics.median(rest[what]))
    good = True
    for (what, name), found in ratios.items():
        ratio = statistics.median(found)
        goal = f" (goal: at most {GOAL})" if what == REQUEST else ""
        good = good and (ratio <= GOAL or what != REQUEST)
        say(f"{what}, beside a bomb of {name} / at rest: {ratio:.2f}{goal}")
    close_kernels()
    return 0 if good else 1


def _beside(both: Neighbours, bomb: str, asks: Asks, seconds: float) -> Times:
    """Return the times of requests while the bomb works in the other's kernel."""
    thread = threading.Thread(target=both.thief.kernel.run, args=(bomb.format(seconds + 2),))
    thread.start()
    time.sleep(2)  # until it is at its limit
    try:
        return _times(asks, seconds)
    finally:
        thread.join(60)


def _times(asks: Asks, seconds: float) -> Times:
    taken: Times = {what: [] for what in asks}
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for what, ask in asks.items():
            began = time.perf_counter()
            ask()
            taken[what].append(time.perf_counter() - began)
            time.sleep(PAUSE)
    return taken


def _request(keeper: Tenant) -> Callable[[], None]:
    def ask() -> None:
        answer = keeper.account.session.get(f"{keeper.notebook}api/kernels", timeout=60)
        answer.raise_for_status()

    return ask


def _cell(keeper: Tenant) -> Callable[[], None]:
    def ask() -> None:
        if keeper.kernel.run("6 * 7") != "42":
            raise SystemExit("The neighbour's kernel does not answer.")

    return ask


def _tell(when: str, times: Times) -> None:
    for what, taken in times.items():
        p95 = statistics.quantiles(taken, n=20)[-1]
        say(f"{when:10} {what:26} p50 {statistics.median(taken) * 1000:6.1f} ms   p95 {p95 * 1000:6.1f} ms")


def say(line: str) -> None:
    """Print at once: a run takes minutes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
