# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the permission engine against `setfacl -R`: `python -m tests.benchmarks.permissions`, as root.

Each round grows two identical trees anew: setfacl works on one, the engine on the other, twice. The order changes from
round to round; what is written is flushed before each clock starts. Printed: medians, and the ratios with their goals.
`--memory` measures instead the greatest memory of one run (all its processes) on a tree of 1,000,000 files.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.permissions.tree import SPARED, TEAM, grow, remove, setfacl
from wakari.permissions import tree
from wakari.permissions.engine import Engine
from wakari.permissions.policy import Policy
from wakari.permissions.report import Report

FIRST_GOAL, SECOND_GOAL, MEMORY_GOAL_MB = 1.0, 0.35, 200


def say(line: str) -> None:
    """Print at once: a run takes minutes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def engine(root: Path) -> Report:
    """Return the report of one application."""
    descriptor = tree.open_directory(root)
    try:
        return Engine(Policy(TEAM), SPARED, write=True).run(descriptor)
    finally:
        os.close(descriptor)


def seconds(action: Callable[[], object]) -> tuple[float, float]:
    """Return how long the action takes, and the processor time of its processes; nothing earlier is left to write."""
    os.sync()
    before, started = sum(os.times()[:4]), time.perf_counter()
    action()
    return time.perf_counter() - started, sum(os.times()[:4]) - before


def speed(folder: Path, files: int, rounds: int) -> bool:
    """Print the medians and ratios of some rounds; return whether they reach the goals."""
    by_hand, ours = folder / "by-hand", folder / "engine"
    times: dict[str, list[tuple[float, float]]] = {"setfacl -R": [], "first application": [], "second application": []}

    def by_setfacl() -> None:
        times["setfacl -R"].append(seconds(lambda: setfacl(by_hand)))

    def by_engine() -> None:
        times["first application"].append(seconds(lambda: engine(ours)))
        times["second application"].append(seconds(lambda: engine(ours)))

    for number in range(rounds):
        grow(by_hand, files)
        grow(ours, files)
        for step in (by_setfacl, by_engine) if number % 2 == 0 else (by_engine, by_setfacl):
            step()
        again = engine(ours)
        if again.wrong or again.checked < files:
            raise SystemExit(f"The engine is not done: {again.as_dict()}")
        remove(by_hand)
        remove(ours)
    medians = {name: statistics.median(wall for wall, _ in taken) for name, taken in times.items()}
    for name, taken in times.items():
        cpu = statistics.median(used for _, used in taken)
        each = ", ".join(f"{wall:.2f}" for wall, _ in taken)
        say(f"{name:20} median {medians[name]:6.2f} s  of {each}; {cpu:.2f} s of processors")
    good = True
    for name, goal in (("first application", FIRST_GOAL), ("second application", SECOND_GOAL)):
        ratio = medians[name] / medians["setfacl -R"]
        good = good and ratio <= goal
        say(f"{name} / setfacl -R: {ratio:.2f} (goal: at most {goal})")
    return good


def memory(folder: Path, files: int) -> bool:
    """Print the peak memory of a first application, in a process of its own; return whether it reaches the goal."""
    root = folder / "tree"
    grow(root, files)
    done = subprocess.run([sys.executable, "-m", "tests.benchmarks.permissions", "--peak-of", str(root)], check=False)
    remove(root)
    return done.returncode == 0


def peak_of(root: Path) -> bool:
    """Print the peak memory of this process and its two workers together, both taken as large as the larger one."""
    report = engine(root)
    own, greatest = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    megabytes = (own + 2 * greatest) / 1024
    say(f"{report.checked} inodes: {megabytes:.0f} MB at the most (goal: under {MEMORY_GOAL_MB})")
    return megabytes < MEMORY_GOAL_MB


def main() -> int:
    """Return 0 where the goals are reached, else 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, help="how many files the tree has")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memory", action="store_true", help="measure memory instead of time")
    parser.add_argument("--folder", default="/var/tmp", help="where the trees are grown")
    parser.add_argument("--peak-of", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peak_of:
        return 0 if peak_of(options.peak_of) else 1
    with tempfile.TemporaryDirectory(prefix="wakari-bench-", dir=options.folder) as name:
        if options.memory:
            good = memory(Path(name), options.files or 1_000_000)
        else:
            good = speed(Path(name), options.files or 100_000, options.rounds)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
