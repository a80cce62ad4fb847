# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares, or puts right, one inode. What is written to is held by a descriptor first and compared with what was seen.

What is written costs most, so files are opened for reading and written to by fsetxattr(2): 8 us against 25 us by
`/proc/self/fd/<n>` of an O_PATH descriptor. The type is known before, and compared after; a FIFO put there in between
is opened without waiting and closed.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass

from wakari.permissions import acl, tree
from wakari.permissions.judge import Judge, actual
from wakari.permissions.policy import Policy
from wakari.permissions.report import EXAMPLES, Problem, Report

_PROGRESS_EVERY = 5000  # inodes


@dataclass(frozen=True)
class Project:
    """The project that is walked: what is wanted, whose inodes are never changed, and where its file system ends."""

    policy: Policy
    spared: frozenset[int]
    write: bool
    device: int
    mount: int
    mounts_inside: bool
    examples: int = EXAMPLES

    def is_elsewhere(self, descriptor: int, status: os.stat_result) -> bool:
        """Return whether the inode is another file system's, or is seen by a bind mount (which root alone makes)."""
        if status.st_dev != self.device:
            return True
        return self.mounts_inside and tree.mount_id(descriptor) != self.mount


class Inspector:
    """Counts what it finds and does in `report`; `progress` is called with a number of inodes now and then."""

    def __init__(self, project: Project, progress: Callable[[int], object]) -> None:
        self._project = project
        self._judge = Judge(project.policy)
        self._progress = progress
        self.report = Report(examples=project.examples)

    def directory(self, descriptor: int, path: str, status: os.stat_result, *, public: bool) -> None:
        """Compare an open directory of the project; OSError where the kernel refuses."""
        uid, gid = status.st_uid, status.st_gid
        if uid in self._project.spared:
            self.report.skipped["spared_owner"] += 1
            return
        self.count()
        raw = tree.read_attribute(descriptor, acl.ACCESS)
        raw_default = tree.read_attribute(descriptor, acl.DEFAULT)
        mode = stat.S_IMODE(status.st_mode)
        access_right = self._judge.directory_is_right(raw, mode, uid, gid, public)
        if access_right and self._judge.default_is_right(raw_default, public):
            return
        wanted = self._judge.wanted_directory(uid, gid, public=public)
        wanted_default = self._judge.wanted_default(public=public)
        if self.report.count_wrong(uid):
            found = wanted if access_right else actual(raw, mode)  # another way to write the same is no difference
            default = actual(raw_default, 0) if raw_default else None
            self.report.problems.append(Problem(path or ".", uid, gid, found, wanted, default, wanted_default))
        if self._project.write:
            os.setxattr(descriptor, acl.ACCESS, wanted.encode())
            os.setxattr(descriptor, acl.DEFAULT, wanted_default.encode())
            self.report.changed += 1

    def file(self, name: str, folder: int, folder_path: str, status: os.stat_result, *, public: bool) -> None:
        """Compare a regular file of this status in the folder, which is also the working directory; OSError likewise.

        Where its mode alone does not tell that it is wrong, its attribute is read by its bare name, which no link
        can lead astray, without opening it: 5 us, against 9 us by `/proc/self/fd/<folder>/<name>`.
        """
        self.count()
        mode, uid, gid = stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid
        certainly_wrong = self._judge.mode_is_wrong(mode, uid, gid, public)
        if not certainly_wrong and self._reads_right(name, mode, uid, gid, public=public):
            return
        descriptor, target = tree.hold(name, folder)
        try:
            held = os.fstat(descriptor)
            if _identity(held) != _identity(status):
                self.report.skipped["vanished"] += 1
            else:
                self.held_file(descriptor, target, f"{folder_path}/{name}".lstrip("/"), held, public=public)
        finally:
            os.close(descriptor)

    def _reads_right(self, name: str, mode: int, uid: int, gid: int, *, public: bool) -> bool:
        try:
            raw = tree.read_attribute(name, acl.ACCESS, follow=False)
        except OSError as error:
            if error.errno != errno.EOPNOTSUPP:
                raise
            # A symbolic link that took the name meanwhile has no ACL either; holding the file tells which it is. Taken
            # for a file system without ACLs, it would let anybody of the team end the walk.
            return False
        return self._judge.file_is_right(raw, mode, uid, gid, public)

    def held_file(
        self, descriptor: int, target: tree.Target, path: str, status: os.stat_result, *, public: bool
    ) -> None:
        """Put right the regular file behind the descriptor if it is wrong; attribute calls reach it by `target`."""
        if self._project.is_elsewhere(descriptor, status):
            self.report.skipped["other_mount"] += 1
            return
        mode, uid, gid = stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid
        if not self._judge.mode_is_wrong(mode, uid, gid, public):
            raw = tree.read_attribute(target, acl.ACCESS)
            if self._judge.file_is_right(raw, mode, uid, gid, public):
                return
        if self.report.count_wrong(uid):
            found = actual(tree.read_attribute(target, acl.ACCESS), mode)
            wanted = self._judge.wanted_file(mode, uid, gid, public=public)
            self.report.problems.append(Problem(path, uid, gid, found, wanted))
        if self._project.write:
            os.setxattr(target, acl.ACCESS, self._judge.file_attribute(bool(mode & stat.S_IXUSR), uid, gid, public))
            self.report.changed += 1

    def count(self) -> None:
        """Count one inode that is compared with the rule."""
        self.report.checked += 1
        if self.report.checked % _PROGRESS_EVERY == 0:
            self._progress(_PROGRESS_EVERY)


def _identity(status: os.stat_result) -> tuple[int, ...]:
    """Return what must not have changed between two looks at a name for both to mean the same file."""
    return status.st_dev, status.st_ino, status.st_uid, status.st_gid, status.st_nlink, stat.S_IFMT(status.st_mode)
