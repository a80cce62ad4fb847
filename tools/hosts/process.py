# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes by id. A killed process may stay a zombie for minutes when PID 1 is slow to reap, so a zombie is dead."""

from __future__ import annotations

import os
import signal
from pathlib import Path

_PROC = Path("/proc")


def state_of(stat: str) -> str:
    """The state letter in the text of /proc/PID/stat (proc_pid_stat(5)); the command name may hold spaces and ')'."""
    return stat.rpartition(")")[2].split()[0]


def alive(pid: int) -> bool:
    """Whether the process exists and is neither a zombie nor dead."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state_of(stat) not in "ZX"


def kill(pid: int) -> None:
    """End a process at once; nothing happens when it is already gone."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
