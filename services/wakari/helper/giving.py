# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives what one person owns in a tree to another: each inode by a descriptor of exactly that inode.

Somebody whose shell stands in the tree may change it meanwhile. A name is therefore pinned, looked at and given by the
pin; a file with other names is given once all of them were met in the tree, so that nothing outside is given.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from dataclasses import dataclass, field

from wakari.environments.safe_files import walk
from wakari.helper.accounts import Account
from wakari.permissions import tree


@dataclass(frozen=True)
class Gift:
    """Whose inodes are given: uid, and the group that goes with them."""

    uid: int
    gid: int


@dataclass
class Given:
    """How many inodes were given, and how many were left, by reason."""

    given: int = 0
    left: dict[str, int] = field(default_factory=dict)


def give(folder: int, former: Gift, owner: Account) -> Given:
    """Give all of `former` at and below the open folder to the owner; return how many that were. Repeatable.

    The folder itself comes last: while it is the former owner's, something below may be, too. Mount points are not
    entered. set-user-ID bits and capabilities go with the change (chown(2)).

    Raises:
        OSError: the disk refuses.
    """
    # A bind mount shows in its mount id alone, which takes a file of /proc to read.
    mount = tree.mount_id(folder) if tree.has_mounts_below(folder) else None
    work = _Giving(os.fstat(folder).st_dev, mount, former, owner)
    for _, names, here, below in walk(folder):
        below += [name for name in names if work.one(name, here)]
    work.rest()
    work.give(tree.by_descriptor(folder), os.fstat(folder))
    return work.result


class _Giving:
    def __init__(self, device: int, mount: int | None, former: Gift, owner: Account) -> None:
        self._device = device
        self._mount = mount
        self._former = former
        self._owner = owner
        self._names: Counter[int] = Counter()
        self.result = Given()

    def one(self, name: str, here: int) -> bool:
        """Give what the name is; return whether it is a folder of the project."""
        try:
            pin = tree.pin(name, here)
        except FileNotFoundError:
            return False
        try:
            status = os.fstat(pin)
            elsewhere = status.st_dev != self._device
            if elsewhere or (self._mount is not None and tree.mount_id(pin) != self._mount):
                self.leave("other_mount")
                return False
            if stat.S_ISREG(status.st_mode) and status.st_nlink > 1 and status.st_uid == self._former.uid:
                self._names[status.st_ino] += 1
                if self._names[status.st_ino] < status.st_nlink:
                    return False
                del self._names[status.st_ino]
            self.give(tree.by_descriptor(pin), status)
            return stat.S_ISDIR(status.st_mode)
        finally:
            os.close(pin)

    def give(self, path: str, status: os.stat_result) -> None:
        """Give the inode behind a path of /proc/self/fd."""
        uid = self._owner.uid if status.st_uid == self._former.uid else -1
        gid = self._owner.gid if status.st_gid == self._former.gid and status.st_uid != 0 else -1
        if (uid, gid) != (-1, -1):
            os.chown(path, uid, gid)
            self.result.given += 1

    def leave(self, why: str) -> None:
        """Count something that was left."""
        self.result.left[why] = self.result.left.get(why, 0) + 1

    def rest(self) -> None:
        """Count files that have names elsewhere."""
        if self._names:
            self.result.left["linked_elsewhere"] = len(self._names)
