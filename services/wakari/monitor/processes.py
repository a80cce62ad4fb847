# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of an app (proc_pid_stat(5)), and whether somebody works in a terminal of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Process:
    """A process; `terminal` is the number of its controlling terminal, 0 where it has none."""

    pid: int
    parent: int
    session: int
    terminal: int
    cpu_seconds: float

    @property
    def is_shell(self) -> bool:
        """Return whether it leads the session of a terminal: the shell that a terminal began with."""
        return self.terminal != 0 and self.pid == self.session


def processes(pids: Iterable[int], proc: Path = Path("/proc")) -> list[Process]:
    """Return the processes that are still there."""
    found = (_read(proc / str(pid) / "stat") for pid in pids)
    return [one for one in found if one is not None]


def works_in_terminal(found: Sequence[Process]) -> bool:
    """Return whether a shell of a terminal has a child, or left one that still hangs on the terminal.

    A script that only waits, or that downloads in silence, is work all the same.
    """
    shells = {one.pid for one in found if one.is_shell}
    parents = {one.pid: one.parent for one in found}
    for one in found:
        if one.is_shell:
            continue
        if one.terminal != 0:
            return True
        ancestor, seen = one.parent, set[int]()
        while ancestor in parents and ancestor not in seen:
            if ancestor in shells:
                return True
            seen.add(ancestor)
            ancestor = parents[ancestor]
    return False


def _read(path: Path) -> Process | None:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name, in parentheses, may hold anything, also ") 1 2 3".
    words = text.rpartition(")")[2].split()
    pid = text.partition(" ")[0]
    try:
        return Process(
            pid=int(pid),
            parent=int(words[1]),
            session=int(words[3]),
            terminal=int(words[4]),
            cpu_seconds=sum(map(int, words[11:15])) / _TICKS,
        )
    except (IndexError, ValueError):
        return None
