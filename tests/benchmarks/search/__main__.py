# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node's search costs: building the index, looking for changes, and queries against grep(1) on the same files.

    python -m tests.benchmarks.search [--files 10000] [--rounds 30]

The files are in twenty projects of one person, with words as frequent as in ordinary text (Zipf's law). Queries and
grep take turns, with everything in the page cache. Ends with 1 where a query's median is not below grep's.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.integration.search.node import ALICE, VISITOR, Node, running
from wakari.core.search import NodeQuery
from wakari.search.find import Find

PROJECTS = 20
VOCABULARY = 20_000
WORDS = 600  # of a file, about 4 KiB
RARE = "zugzwang"  # in one file of a thousand
GREP = ["grep", "-r", "-l", "-i", "--include=*.py", "--include=*.md", "--include=*.ipynb"]


@dataclass(frozen=True)
class Case:
    """A query and what answers the same question with grep."""

    name: str
    query: str
    grep: list[str]


CASES = (
    Case("a rare word", RARE, ["-w", RARE]),
    Case("a common word", "w7", ["-w", "w7"]),
    Case("two words", f"{RARE} w7", ["-w", RARE]),
    Case("a phrase", f'"{RARE} indeed"', [f"{RARE} indeed"]),
    Case("the beginning of a word", f"{RARE[:5]}*", ["-E", rf"\b{RARE[:5]}"]),
    Case("a pattern", f"/{RARE[:4]}[a-z]ang/", ["-E", f"{RARE[:4]}[a-z]ang"]),
    Case("an import", "imports:numpy", ["-E", "^(import|from) numpy"]),
)


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.search")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wakari-search-", dir="/var/tmp") as folder, running(Path(folder)) as node:
        node.project_files = options.files
        size = fill(node, options.files)
        say("files", f"{options.files}, {size / 1e6:.0f} MB")
        say("first look", look(node))
        say("nothing changed", look(node))
        node.write("alice/p0/f0.py", "import numpy\n")
        say("one file changed", look(node))
        index = sum(one.stat().st_size for one in Path(folder).glob("index.db*"))
        say("size of the index", f"{index / 1e6:.0f} MB, {index / size:.2f} of the files")
        return compare(node, options.rounds)


def fill(node: Node, files: int) -> int:
    """Write the files; return their size in bytes."""
    chance = random.Random(4)  # noqa: S311 - the same files in each run
    names = [f"w{number}" for number in range(VOCABULARY)]
    weights = [1 / (rank + 1) for rank in range(VOCABULARY)]
    size = 0
    for number in range(files):
        words = chance.choices(names, weights, k=WORDS)
        if number % 1000 == 0:
            words[100:102] = [RARE, "indeed"]
        lines = [" ".join(words[start : start + 12]) for start in range(0, WORDS, 12)]
        kind = ("py", "md", "ipynb", "py")[number % 4]
        content = text(kind, lines, numpy=number % 100 == 0)
        size += len(content)
        node.write(f"alice/p{number % PROJECTS}/d{number % 97}/f{number}.{kind}", content)
    for number in range(PROJECTS):
        node.share(f"alice/p{number}")
    return size


def text(kind: str, lines: list[str], *, numpy: bool) -> str:
    """Return the content of a file of this kind."""
    first = "import numpy as np\n" if numpy else "import os\n"
    if kind == "md":
        return "\n".join(lines) + "\n"
    code = first + "def work():\n" + "".join(f"    # {line}\n" for line in lines) + "    return os\n"
    if kind == "py":
        return code
    return json.dumps({"cells": [{"cell_type": "code", "source": code.splitlines(keepends=True)}]}, indent=1)


def look(node: Node) -> str:
    """Bring the index in line; say how long it took."""
    began = time.perf_counter()
    count = node.look()
    seconds = time.perf_counter() - began
    return f"{seconds:.2f} s ({count.changed} changed, {count.files / seconds:.0f} files a second)"


def compare(node: Node, rounds: int) -> int:
    """Print the times of queries and of grep; return 1 where a query is not faster."""
    find = Find(node.place, VISITOR)
    projects = [f"alice/p{number}" for number in range(PROJECTS)]
    bad = 0
    say("query", "p50, ms", "p99, ms", "grep, ms", "p50 / grep (goal below 1)")
    for case in CASES:
        asked = NodeQuery.model_validate({"query": case.query, "uid": ALICE, "team": projects})
        ours, theirs = [], []
        for number in range(rounds):
            ours.append(timed(lambda asked=asked: find.answer(asked)))  # type: ignore[misc]
            if number % 10 == 0:
                theirs.append(timed(lambda case=case: grep(case, node.root)))  # type: ignore[misc]
        ours.sort()
        usual, slow, peer = statistics.median(ours), ours[int(len(ours) * 0.99)], statistics.median(theirs)
        bad |= usual >= peer
        say(case.name, *(f"{seconds * 1000:.1f}" for seconds in (usual, slow, peer)), f"{usual / peer:.2f}")
    find.close()
    return int(bad)


def grep(case: Case, root: Path) -> None:
    """Look for the same in all files; grep has no index and no rights to heed."""
    done = subprocess.run([*GREP, *case.grep, str(root)], stdout=subprocess.DEVNULL, check=False)
    if done.returncode > 1:
        raise SystemExit(f"grep ended with {done.returncode}")


def timed(work: Callable[[], object]) -> float:
    """Return the seconds it took."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def say(*words: str) -> None:
    """Print one line of a table."""
    sys.stdout.write("  ".join(f"{word:24}" for word in words).rstrip() + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
