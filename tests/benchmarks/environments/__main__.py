# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares our clone with `cp -a` and with py-rattler's own linking: `python -m tests.benchmarks.environments`.

Each round times the three one after the other, so that a busy machine slows them all, in an order that changes from
round to round; ratios are of medians. Printed besides: what a clone costs on the disk. Fails when a goal is missed.
Neither of the two others gives a usable environment: `cp -a` leaves the paths of its source, py-rattler leaves behind
what pip installed and needs a cache.
"""

from __future__ import annotations

import argparse
import os
import shutil
import stat
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
DISK_GOAL_MB = 30  # of a clone of about 20,000 files
_BLOCK = 512  # bytes (stat(2), st_blocks)
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


def disk_cost(target: Path) -> tuple[int, float]:
    """Return the number of files of a clone, and the MB of disk that only it uses: directories and unshared files."""
    files, blocks = 0, target.lstat().st_blocks
    for folder, names, rest in os.walk(target):
        for name in [*names, *rest]:
            status = os.lstat(Path(folder) / name)
            is_directory = stat.S_ISDIR(status.st_mode)
            files += not is_directory
            if is_directory or status.st_nlink == 1:
                blocks += status.st_blocks
    return files, blocks * _BLOCK / 1e6


def report(seconds: dict[str, list[float]], files: int, megabytes: float) -> bool:
    """Print medians, ratios and the cost of a clone; return whether all goals are met."""
    median = {name: statistics.median(values) for name, values in seconds.items()}
    for name, values in seconds.items():
        say(f"{name:12} median {median[name]:.3f} s  (from {min(values):.3f} to {max(values):.3f})")
    good = True
    for name, goal in GOALS.items():
        ratio = median["ours"] / median[name]
        good = good and ratio <= goal
        say(f"ours / {name:12} {ratio:.2f}  (goal: at most {goal})")
    say(f"disk of a clone of {files} files: {megabytes:.1f} MB  (goal: under {DISK_GOAL_MB})")
    return good and megabytes < DISK_GOAL_MB


def main() -> int:
    """Run the comparison; returns 0 when all goals are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", default="/var/tmp", help="where the environments are made; one file system")
    options = parser.parse_args()
    if channel_tool(["build"]):
        return 1
    seconds: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    order = list(CONTENDERS.items())
    with tempfile.TemporaryDirectory(prefix="bench-clone-", dir=options.folder) as name:
        root, target = Path(name) / "root", Path(name) / "target"
        create(CreateRequest((str(cache_directory() / "channel"),), SPECS, root, root / "pkgs"))
        for _ in range(options.rounds):
            for contender, run in order:
                os.sync()  # nobody pays for what another one has written
                seconds[contender].append(run(root, target))
                if contender == "ours":
                    cost = disk_cost(target)
                shutil.rmtree(target)
            order.append(order.pop(0))
    return 0 if report(seconds, *cost) else 1


if __name__ == "__main__":
    sys.exit(main())
