# SPDX-License-Identifier: GPL-3.0-or-later
"""Mounts of the machine, by place."""

from __future__ import annotations

import time
from pathlib import Path

from tools.hosts import command

_UNMOUNT_SECONDS = 2.0


def mounts_below(mountinfo: str, folder: Path) -> list[Path]:
    """Mount points at or below the folder in a text of /proc/self/mountinfo (proc_pid_mountinfo(5)), deepest first."""
    points = [Path(line.split()[4].encode().decode("unicode_escape")) for line in mountinfo.splitlines()]
    return sorted((one for one in points if one == folder or folder in one.parents), reverse=True)


def unmount_below(folder: Path) -> None:
    """Unmount everything at or below the folder; detaches what stays busy for two seconds."""
    deadline = time.monotonic() + _UNMOUNT_SECONDS
    while points := mounts_below(Path("/proc/self/mountinfo").read_text(encoding="utf-8"), folder):
        late = time.monotonic() > deadline
        for point in points:
            if not command.succeeds(["umount", *(["--lazy"] if late else []), str(point)]):
                time.sleep(0.02)
