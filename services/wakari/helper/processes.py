# SPDX-License-Identifier: GPL-3.0-or-later
"""All that runs as a person, whatever started it: sessions, cron, what was left in the background."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

from wakari.core.errors import AppError
from wakari.helper import systemd

GRACE = 5.0  # seconds between the request to end and the end
PATIENCE = 15.0  # seconds until what does not end even so is told
_POLL = 0.1
# Nobody's: the last number that systemd leaves unused (systemd.io/UIDS-GIDS, 60578 to 61183), above the platform's own.
_NOBODYS = 61183
# kill(2): with -1 the kernel signals every process of the caller's account at once, so that none forks away. The
# caller's effective uid alone decides whom it may signal, its real and saved one who may signal or trace it: a process
# of the person's that kills whatever it can does not reach it, and until then it is root's.
_SIGNAL_ALL = """
import os, sys
uid, number, nobodys = map(int, sys.argv[1:])
os.setgroups([])
os.setresgid(uid, uid, uid)
os.setresuid(nobodys, uid, nobodys)
os.kill(-1, number)
"""


def end(uid: int) -> bool:
    """End the person's sessions and processes; return whether there were any.

    Raises:
        AppError: `systemd_unavailable`; `processes_left` where the kernel holds one (a disk that does not answer, say).
    """
    if not running(uid):
        return False
    systemd.end_sessions(uid)
    begun = time.monotonic()
    _signal(uid, signal.SIGTERM)
    while running(uid):
        waited = time.monotonic() - begun
        if waited > PATIENCE:
            raise _left(uid)
        if waited > GRACE:
            _signal(uid, signal.SIGKILL)
        time.sleep(_POLL)
    return True


def running(uid: int) -> bool:
    """Return whether a process runs as the person; one that ended and was not waited for yet does not count."""
    return any(_runs_as(path / "status", uid) for path in Path("/proc").iterdir() if path.name.isdecimal())


def _runs_as(status: Path, uid: int) -> bool:
    try:
        lines = status.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False  # it ended meanwhile
    facts = dict(line.partition(":\t")[::2] for line in lines)  # proc_pid_status(5)
    return facts["Uid"].split()[0] == str(uid) and not facts["State"].startswith("Z")


def _signal(uid: int, number: signal.Signals) -> None:
    # Where all ended meanwhile there is nobody to signal, which is no failure.
    command = [sys.executable, "-I", "-S", "-c", _SIGNAL_ALL, *map(str, (uid, int(number), _NOBODYS))]
    try:
        subprocess.run(command, check=False, stderr=subprocess.DEVNULL, timeout=30)
    except subprocess.TimeoutExpired as error:
        raise _left(uid) from error


def _left(uid: int) -> AppError:
    return AppError(
        "processes_left",
        f"Processes of uid {uid} do not end.",
        hint=f"An administrator must look at the node: ps -U {uid} -o pid,stat,wchan,args.",
        status=500,
    )
