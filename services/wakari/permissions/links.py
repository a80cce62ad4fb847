# SPDX-License-Identifier: GPL-3.0-or-later
"""Files with several links: the project's own only where all of their names are in it.

Names are counted while people may rename, link and unlink: a name that moves ahead of the walk would be counted twice,
and the file's other name be somebody else's. Each of the three changes the file's ctime, which nobody can set. So a
file is put right only if its ctime is older than the walk: then all names that were seen are its names still.
"""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass, field

from wakari.permissions import tree
from wakari.permissions.failures import reason_to_skip
from wakari.permissions.inspector import Inspector

_TICKS = 5  # CLOCK_REALTIME_COARSE (linux/time.h), which inodes are stamped with; Python has no name for it


@dataclass(slots=True)
class Linked:
    """What was seen of a file: where it was first, its link count then, and its names (each by its folder's inode)."""

    folder: str
    name: str
    count: int
    public: bool
    names: set[tuple[int, str]] = field(default_factory=set)


class Links:
    """The files with several links that a walk saw, by inode."""

    def __init__(self) -> None:
        self._found: dict[int, Linked] = {}

    def add(self, status: os.stat_result, folder: str, folder_inode: int, name: str, *, public: bool) -> None:
        """Remember one name. A folder that is met twice, since it was moved, adds nothing."""
        linked = self._found.setdefault(status.st_ino, Linked(folder, name, status.st_nlink, public))
        linked.public = linked.public or public
        linked.names.add((folder_inode, name))

    def merge(self, other: Links) -> None:
        """Add what another process saw."""
        for inode, linked in other._found.items():
            mine = self._found.setdefault(inode, linked)
            mine.public = mine.public or linked.public
            mine.names |= linked.names

    def settle(self, root: int, inspector: Inspector, began: int) -> None:
        """Put right the files whose names are all in the project, which is open as `root`; count the others.

        Args:
            root: A descriptor of the project's folder.
            inspector: Compares, puts right and counts.
            began: What `mark` returned before the walk.
        """
        for inode, linked in self._found.items():
            if len(linked.names) < linked.count:
                inspector.report.skipped["linked_elsewhere"] += 1
                continue
            try:
                self._settle(root, inode, linked, inspector, began)
            except OSError as error:
                inspector.report.skipped[reason_to_skip(error)] += 1

    def _settle(self, root: int, inode: int, linked: Linked, inspector: Inspector, began: int) -> None:
        folder = tree.descend(os.dup(root), linked.folder)
        try:
            descriptor, target = tree.hold(linked.name, folder)
        finally:
            os.close(folder)
        try:
            status = os.fstat(descriptor)
            if status.st_ino != inode or not stat.S_ISREG(status.st_mode) or status.st_ctime_ns > began:
                inspector.report.skipped["vanished"] += 1
            elif len(linked.names) != status.st_nlink:
                inspector.report.skipped["linked_elsewhere"] += 1
            else:
                inspector.count()
                path = f"{linked.folder}/{linked.name}".lstrip("/")
                inspector.held_file(descriptor, target, path, status, public=linked.public)
        finally:
            os.close(descriptor)


def mark() -> int:
    """Return a time (ns since 1970): what changed before has at most this ctime, what changes from now on a later one.

    That clock ticks each 1 to 10 ms, so this waits for its next tick.
    """
    now = time.time_ns()
    for _ in range(20):
        if time.clock_gettime_ns(_TICKS) > now:
            return now
        time.sleep(0.001)
    return time.clock_gettime_ns(_TICKS) - 1  # the clock was set back meanwhile
