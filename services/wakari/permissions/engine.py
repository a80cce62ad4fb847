# SPDX-License-Identifier: GPL-3.0-or-later
"""Walks a project and compares, or puts right, the ACL of each inode (docs/permissions.md, "The walk").

The people whose files these are may change the tree while it is walked, on purpose too. Hence: every step down is an
openat(2) of one name that follows no link; what is written to is pinned by a descriptor first and judged again by it.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass

from wakari.core.errors import AppError
from wakari.permissions import acl, tree
from wakari.permissions.judge import Judge, actual
from wakari.permissions.policy import PUBLIC, Policy
from wakari.permissions.report import Problem, Report

# Errors after which no other inode of the file system can be written either.
_FATAL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EOPNOTSUPP}
_PROGRESS_EVERY = 5000  # inodes


@dataclass(frozen=True)
class _Level:
    """A directory that is being walked: its descriptor, its path in the project, whether it is `public` or below."""

    descriptor: int
    path: str
    public: bool
    entries: os._ScandirIterator[str]

    def close(self) -> None:
        """Give the descriptors back."""
        self.entries.close()
        os.close(self.descriptor)


class Engine:
    """One walk over one project. `spared` are the uids whose inodes are never changed: root and the service account."""

    def __init__(
        self, policy: Policy, spared: frozenset[int], *, write: bool, progress: Callable[[int], None] | None = None
    ) -> None:
        self._judge = Judge(policy)
        self._spared = spared
        self._write = write
        self._progress = progress or (lambda _: None)
        self._links: dict[int, tuple[int, bool]] = {}  # inode -> links seen so far, and whether one was public
        self.report = Report()

    def run(self, root: int) -> Report:
        """Return the report on the directory behind the descriptor (which stays open) and all below it.

        Raises:
            AppError: `no_acl_support`, `disk_full`, `read_only` or `permissions_failed`: nothing more can be written.
        """
        tree.allow_many_descriptors()
        self._device = os.fstat(root).st_dev
        self._mount = tree.mount_id(root)
        self._mounts_inside = tree.has_mounts_below(root)
        try:
            levels = [self._enter(os.dup(root), "", public=False)]
        except OSError as error:
            raise write_error(error) from error
        try:
            while levels:
                entry = next(levels[-1].entries, None)
                if entry is None:
                    levels.pop().close()
                elif child := self._visit(levels[-1], entry):
                    levels.append(child)
        finally:
            for level in levels:
                level.close()
        self.report.skipped["linked_elsewhere"] += len(self._links)
        return self.report

    def _enter(self, descriptor: int, path: str, *, public: bool) -> _Level:
        try:
            self._directory(descriptor, path, public=public)
            return _Level(descriptor, path, public, os.scandir(descriptor))
        except BaseException:
            os.close(descriptor)
            raise

    def _visit(self, level: _Level, entry: os.DirEntry[str]) -> _Level | None:
        """Handle one name; return the level to walk next where it is a directory of ours."""
        path = f"{level.path}/{entry.name}" if level.path else entry.name
        try:
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISREG(status.st_mode):
                self._file(level, entry.name, path, status)
            elif stat.S_ISDIR(status.st_mode):
                return self._child(level, entry.name, path, status)
            else:
                self.report.skipped["symlink" if stat.S_ISLNK(status.st_mode) else "special"] += 1
        except OSError as error:
            self._failed(error)
        return None

    def _child(self, level: _Level, name: str, path: str, status: os.stat_result) -> _Level | None:
        if status.st_dev != self._device:
            self.report.skipped["other_mount"] += 1
            return None
        descriptor = tree.open_directory(name, level.descriptor)
        if self._is_other_mount(descriptor):
            os.close(descriptor)
            self.report.skipped["other_mount"] += 1
            return None
        return self._enter(descriptor, path, public=level.public or path == PUBLIC)

    def _directory(self, descriptor: int, path: str, *, public: bool) -> None:
        status = os.fstat(descriptor)
        uid, gid = status.st_uid, status.st_gid
        if uid in self._spared:
            self.report.skipped["spared_owner"] += 1
            return
        self._count()
        raw = tree.read_attribute(descriptor, acl.ACCESS)
        raw_default = tree.read_attribute(descriptor, acl.DEFAULT)
        mode = stat.S_IMODE(status.st_mode)
        access_right = self._judge.directory_is_right(raw, mode, uid, gid, public)
        if access_right and self._judge.default_is_right(raw_default, public):
            return
        wanted = self._judge.wanted_directory(uid, gid, public=public)
        wanted_default = self._judge.wanted_default(public=public)
        if self.report.count_wrong():
            default = actual(raw_default, 0) if raw_default else "none"
            found = f"default {default}" if access_right else str(actual(raw, mode))
            told = f"default {wanted_default}" if access_right else str(wanted)
            self.report.problems.append(Problem(path or ".", uid, found, told))
        if self._write:
            os.setxattr(descriptor, acl.ACCESS, wanted.encode())
            os.setxattr(descriptor, acl.DEFAULT, wanted_default.encode())
            self.report.changed += 1

    def _file(self, level: _Level, name: str, path: str, status: os.stat_result) -> None:
        if status.st_uid in self._spared:
            self.report.skipped["spared_owner"] += 1
            return
        if status.st_dev != self._device:
            self.report.skipped["other_mount"] += 1
            return
        public = level.public
        if status.st_nlink > 1:
            seen, was_public = self._links.get(status.st_ino, (0, False))
            public = public or was_public
            if seen + 1 < status.st_nlink:
                self._links[status.st_ino] = (seen + 1, public)
                return
            self._links.pop(status.st_ino, None)  # the last of its links: all of them are in this project
        self._count()
        # First without opening: the name is looked up below the open directory and, if a link, not followed.
        raw = tree.read_attribute(f"{tree.by_descriptor(level.descriptor)}/{name}", acl.ACCESS, follow=False)
        if self._judge.file_is_right(raw, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, public):
            return
        descriptor = tree.pin(name, level.descriptor)
        try:
            pinned = os.fstat(descriptor)
            if _identity(pinned) != _identity(status):
                self.report.skipped["vanished"] += 1
            elif self._is_other_mount(descriptor):
                self.report.skipped["other_mount"] += 1
            else:
                self._put_right(descriptor, path, pinned, public=public)
        finally:
            os.close(descriptor)

    def _put_right(self, descriptor: int, path: str, status: os.stat_result, *, public: bool) -> None:
        inode, mode = tree.by_descriptor(descriptor), stat.S_IMODE(status.st_mode)
        uid, gid = status.st_uid, status.st_gid
        if self.report.count_wrong():
            found = actual(tree.read_attribute(inode, acl.ACCESS), mode)
            wanted = self._judge.wanted_file(mode, uid, gid, public=public)
            self.report.problems.append(Problem(path, uid, str(found), str(wanted)))
        if self._write:
            os.setxattr(inode, acl.ACCESS, self._judge.file_attribute(bool(mode & stat.S_IXUSR), uid, gid, public))
            self.report.changed += 1

    def _is_other_mount(self, descriptor: int) -> bool:
        # Other file systems differ in st_dev, which is compared before. A bind mount does not; root alone makes one.
        return self._mounts_inside and tree.mount_id(descriptor) != self._mount

    def _count(self) -> None:
        self.report.checked += 1
        if self.report.checked % _PROGRESS_EVERY == 0:
            self._progress(self.report.checked)

    def _failed(self, error: OSError) -> None:
        """Count what happened to one inode and go on; raise where it would happen to all."""
        if error.errno in _FATAL:
            raise write_error(error) from error
        if error.errno in {errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.ESTALE, errno.ENXIO}:
            self.report.skipped["vanished"] += 1
        elif error.errno in {errno.EMFILE, errno.ENFILE}:
            self.report.skipped["too_deep"] += 1
        else:
            self.report.skipped["refused"] += 1


def _identity(status: os.stat_result) -> tuple[int, ...]:
    """Return what must not have changed between two looks at a name for both to mean the same file."""
    return status.st_dev, status.st_ino, status.st_uid, status.st_gid, status.st_nlink, stat.S_IFMT(status.st_mode)


def write_error(error: OSError) -> AppError:
    """Return what to tell about an error of the file system that stops everything."""
    if error.errno == errno.EOPNOTSUPP:
        return AppError(
            "no_acl_support",
            "The file system of the projects keeps no POSIX ACLs.",
            hint="Mount it with ACLs (ext4: option acl; XFS and Btrfs have them always).",
            status=500,
        )
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return AppError(
            "disk_full",
            "The disk of the projects is full, or the quota is used up.",
            hint="Remove files or ask an administrator for space; then start the project again.",
            status=507,
        )
    if error.errno == errno.EROFS:
        return AppError(
            "read_only",
            "The file system of the projects is read-only.",
            hint="An administrator must check the disk and mount it for writing; then start the project again.",
            status=500,
        )
    return AppError(
        "permissions_failed",
        f"Permissions could not be set: {os.strerror(error.errno or 0)}.",
        hint="An administrator must check the disk; then start the project again.",
        status=500,
    )
