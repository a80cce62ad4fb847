# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares our gateway's data plane with plain NGINX and configurable-http-proxy.

    python -m tests.benchmarks.gateway [--quick] [--only PART]

Every round measures the three one after the other, so that a busy machine slows them all; a ratio is the median of the
rounds' ratios. Ours authenticates, authorises and routes every request; the others ask nobody anything. Ends with 1
where a target is missed. Needs wrk, NGINX with its Lua module, node and npm. Nothing but loopback is used.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass

from tests.benchmarks.gateway import load
from tests.benchmarks.gateway.report import Comparison, Target, say
from tests.benchmarks.gateway.stand import Candidate, StandError, all_candidates, filled

Measure = Callable[[Candidate, float], load.Figure]


@dataclass(frozen=True)
class Case:
    """One line of the table. `quick` says whether --quick has it too."""

    name: str
    unit: str
    measure: Measure
    targets: tuple[Target, ...] = ()
    quick: bool = True
    scale: float = 1.0  # from a rate to the unit


def _small(connections: int) -> Measure:
    return lambda candidate, seconds: load.http(candidate, "/small", connections, seconds)


def _sockets(count: int) -> Measure:
    return lambda candidate, seconds: load.sockets(candidate, count, seconds)


# The targets: docs/gateway.md, "Measured".
FAST = (Target("plain NGINX", 0.6), Target("CHP", 5.0))
EVEN = (Target("plain NGINX", 0.9),)
CASES = (
    Case("1 KiB, 1 connection", "requests/s", _small(1)),
    Case("1 KiB, 16 connections", "requests/s", _small(16), FAST),
    Case("1 KiB, 128 connections", "requests/s", _small(128), FAST),
    Case("10 MiB download", "MiB/s", lambda it, seconds: load.http(it, "/large", 2, seconds), EVEN, scale=10),
    Case("10 MiB upload", "MiB/s", lambda it, seconds: load.http(it, "/upload", 2, seconds, "upload.lua"), scale=10),
    Case("1 WebSocket", "messages/s", _sockets(1)),
    Case("100 WebSockets", "messages/s", _sockets(100), EVEN),
    Case("500 WebSockets", "messages/s", _sockets(500), quick=False),
)
SIZES = [10, 10_000, 100_000]
SECONDS = 1.0  # many short measurements: on a busy machine a round's conditions stay alike
EVEN_TABLES = 0.9  # of the rate with the smallest table


def _rounds(candidates: list[Candidate], measure: Measure, rounds: int) -> list[dict[str, load.Figure]]:
    """Return a round's figures by candidate, for each round; every round begins with another candidate."""
    figures = []
    for number in range(rounds):
        first = number % len(candidates)
        taken = {it.name: measure(it, SECONDS) for it in candidates[first:] + candidates[:first]}
        figures.append({it.name: taken[it.name] for it in candidates})
    return figures


def compare(*, quick: bool, only: str) -> bool:
    """Measure all cases and print them; returns whether every target is met."""
    rounds = 3 if quick else 9
    met = True
    with all_candidates() as candidates:
        for case in CASES:
            if only not in case.name or (quick and not case.quick):
                continue
            for candidate in candidates:
                case.measure(candidate, 0.5)  # not counted: connections, caches and compiled code come to be
            figures = _rounds(candidates, case.measure, rounds)
            met &= Comparison(case.name, case.unit, case.scale, figures).show(case.targets)
    return met


def tables(*, quick: bool) -> bool:
    """Measure our data plane with small and large tables; returns whether their size makes no difference."""
    rounds = 5 if quick else 15
    with filled(SIZES) as candidates:
        for candidate in candidates:
            load.http(candidate, "/small", 16, 1)
        figures = _rounds(candidates, _small(16), rounds)
    name, *others = figures[0]
    comparison = Comparison("1 KiB, 16 connections", "requests/s", 1.0, figures, subject=others[-1])
    return comparison.show((Target(name, EVEN_TABLES),))


def main() -> int:
    """Run the comparison; returns 0 when every target is met, 1 when one is missed, 2 when it cannot run."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gateway")
    parser.add_argument("--quick", action="store_true", help="three short rounds: under two minutes")
    parser.add_argument("--only", default="", metavar="PART", help="only cases whose name has this; `tables` alone")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        sys.stderr.write("wrk is missing: apt-get install wrk\n")
        return 2
    try:
        met = options.only == "tables" or compare(quick=options.quick, only=options.only)
        if options.only in ("", "tables"):
            met &= tables(quick=options.quick)
    except StandError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    say(f"\nload of the machine in the last 1, 5 and 15 minutes: {' '.join(f'{it:.1f}' for it in os.getloadavg())}")
    say("every target is met" if met else "a target is missed")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
