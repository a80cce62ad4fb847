# SPDX-License-Identifier: GPL-3.0-or-later
"""How a project is on this node: what is there, what it takes on disk. Reads, and changes nothing; takes no lock."""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass, field
from typing import Any

from wakari.permissions import tree

PATIENCE = 10.0  # seconds for counting what a project takes; a person waits for the page


def disk_use(folder: int, patience: float = PATIENCE) -> dict[str, Any]:
    """Return bytes and files below a folder, which is not closed; `complete` is false where the time did not suffice.

    `shared_bytes` are files of root's with several names: hard links into the root distribution, which take no room.
    No link is followed and no mount point crossed; a file with several names counts once.
    """
    deadline = time.monotonic() + patience
    count = _Count(os.fstat(folder).st_dev)
    complete = True
    try:
        for _, folders, names, here in os.fwalk(".", dir_fd=folder, follow_symlinks=False):
            if time.monotonic() > deadline:
                complete = False
                break
            for name in names:
                count.add(name, here)
            folders[:] = [name for name in folders if count.add(name, here)]
    except (OSError, RecursionError):  # deeper than a process may hold folders open
        complete = False
    return {"bytes": count.own, "shared_bytes": count.shared, "files": count.files, "complete": complete}


@dataclass
class _Count:
    device: int
    own: int = 0
    shared: int = 0
    files: int = 0
    seen: set[int] = field(default_factory=set)

    def add(self, name: str, folder: int) -> bool:
        """Count what the name is; return whether it is on the project's file system."""
        try:
            facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError:
            return False  # gone meanwhile
        if facts.st_dev != self.device:
            return False
        room = facts.st_blocks * 512  # stat(2): blocks of 512 bytes, whatever the file system's
        if not stat.S_ISREG(facts.st_mode):
            self.own += room
            return True
        self.files += 1
        if facts.st_nlink > 1:
            if facts.st_ino in self.seen:
                return True
            self.seen.add(facts.st_ino)
            if facts.st_uid == 0:
                self.shared += room
                return True
        self.own += room
        return True


def environments(folder: int) -> list[str]:
    """Return the names of the environments in the project's folder, which is not closed."""
    try:
        below = tree.open_directory("envs", folder)
    except OSError:
        return []
    found = []
    try:
        for name in sorted(entry.name for entry in os.scandir(below)):
            try:
                facts = os.stat(f"{name}/conda-meta", dir_fd=below, follow_symlinks=False)
            except OSError:
                continue
            if stat.S_ISDIR(facts.st_mode) and not name.startswith("."):
                found.append(name)
    finally:
        os.close(below)
    return found
