# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares our clone with `cp -a` and with py-rattler's own linking, in one run on one file system.

    python -m tests.benchmarks.environments.clone [ROUNDS]

Each round times the three one after the other, so that a busy machine slows them all; ratios are of medians.
Fails when a goal is missed: at most 0.3 of `cp -a`, at most 1.2 of py-rattler. Neither of those two gives a usable
environment: `cp -a` leaves the paths of its source, py-rattler leaves behind what pip installed and needs a cache.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tools.channel.cli import cache_directory
from tools.channel.cli import main as channel_tool
from wakari.environments.clone import clone
from wakari.environments.create import create
from wakari.environments.request import CreateRequest

GOALS = {"cp -a": 0.3, "py-rattler": 1.2}
SPECS = ("python", "jupyterlab", "notebook", "ipykernel", "numpy", "pandas", "matplotlib", "pip")

# Prints its own seconds: starting Python and importing the library is not what is compared.
_RATTLER = """
import asyncio, os, sys, time
from pathlib import Path
from rattler import PackageCache, PrefixRecord, install
source, target = map(Path, sys.argv[1:])
started = time.perf_counter()
records = [PrefixRecord.from_path(file) for file in sorted((source / "conda-meta").glob("*.json"))]
asyncio.run(install(records, target, package_cache=PackageCache(source / "pkgs"), show_progress=False))
print(time.perf_counter() - started, flush=True)
os._exit(0)
"""


def by_ours(source: Path, target: Path) -> float:
    """Return the seconds of our clone."""
    started = time.perf_counter()
    clone(source, target)
    return time.perf_counter() - started


def by_cp(source: Path, target: Path) -> float:
    """Return the seconds of `cp -a` of the same files (without the package cache)."""
    target.mkdir()
    parts = [str(path) for path in source.iterdir() if path.name not in ("pkgs", "envs")]
    started = time.perf_counter()
    subprocess.run(["cp", "-a", *parts, str(target)], check=True)
    return time.perf_counter() - started


def by_rattler(source: Path, target: Path) -> float:
    """Return the seconds of py-rattler, from its records and cache."""
    command = [sys.executable, "-c", _RATTLER, str(source), str(target)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


CONTENDERS: dict[str, Callable[[Path, Path], float]] = {"ours": by_ours, "cp -a": by_cp, "py-rattler": by_rattler}


def say(line: str) -> None:
    """Write a line of the result."""
    sys.stdout.write(line + "\n")


def main() -> int:
    """Run the comparison; returns 0 when both goals are met."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    if channel_tool(["build"]):
        return 1
    place = Path(tempfile.mkdtemp(prefix="bench-clone-", dir="/var/tmp"))
    seconds: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    try:
        root = place / "root"
        create(CreateRequest((str(cache_directory() / "channel"),), SPECS, root, root / "pkgs"))
        for _ in range(rounds):
            for name, contender in CONTENDERS.items():
                os.sync()  # nobody pays for what another one has written
                seconds[name].append(contender(root, place / "target"))
                shutil.rmtree(place / "target")
    finally:
        shutil.rmtree(place)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    for name, values in seconds.items():
        say(f"{name:12} median {median[name]:.3f} s  (from {min(values):.3f} to {max(values):.3f})")
    missed = False
    for name, goal in GOALS.items():
        ratio = median["ours"] / median[name]
        missed |= ratio > goal
        say(f"ours / {name:12} {ratio:.2f}  (goal: at most {goal})")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
