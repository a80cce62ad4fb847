# SPDX-License-Identifier: GPL-3.0-or-later
"""A mark in a project's folder: a node that finds what another one wrote sees the very same folder, and no copy of it.

Numbers of inodes and of file systems differ from node to node where files come over the network; contents do not.
"""

from __future__ import annotations

import errno
import hmac
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from wakari.core.errors import AppError
from wakari.core.messages import ProjectSpec
from wakari.helper.accounts import Account, Accounts
from wakari.helper.projects import Projects
from wakari.permissions.failures import write_error

_PREFIX = ".wakari-move-"
# Characters of a mark in its file's name: one that no node has looked for, so that none remembers that it is missing
# (nfs(5), "lookupcache").
_NAMED = 16
_NONE = {errno.ENOENT, errno.ELOOP}


class Moving:
    """Marks on the projects of this node."""

    def __init__(self, accounts: Accounts, projects: Projects) -> None:
        self._accounts = accounts
        self._projects = projects

    def mark(self, spec: ProjectSpec, marker: str) -> None:
        """Write the mark, which root alone can read; what an interrupted run left is removed.

        Raises:
            AppError: as `Projects.open`; `disk_full` and others of the disk.
        """
        with self._folder(spec, self._accounts.ensure(spec.owner, make=False)) as folder:
            for name in os.listdir(folder):  # noqa: PTH208  # a descriptor, not a path
                if name.startswith(_PREFIX) and _is_roots(os.stat(name, dir_fd=folder, follow_symlinks=False)):
                    os.unlink(name, dir_fd=folder)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with open(os.open(_name(marker), flags, 0o600, dir_fd=folder), "wb") as file:  # noqa: PTH123  # a descriptor
                file.write(marker.encode())
                file.flush()
                os.fsync(file.fileno())

    def find(self, spec: ProjectSpec, marker: str) -> bool:
        """Return whether the mark is in the folder that this node sees, and take it away. False where there is none.

        The owner has an account here from then on, as `Accounts.ensure` makes it.

        Raises:
            AppError: what accounts raise; `project_path_taken`, `project_owner_wrong`; others of the disk.
        """
        owner = self._accounts.ensure(spec.owner)
        try:
            with self._folder(spec, owner) as folder:
                return _take(folder, marker)
        except AppError as error:
            if error.code != "project_not_started":
                raise
            return False

    @contextmanager
    def _folder(self, spec: ProjectSpec, owner: Account) -> Iterator[int]:
        descriptor = self._projects.open(spec, owner)
        try:
            yield descriptor
        except OSError as error:
            raise write_error(error) from error
        finally:
            os.close(descriptor)


def _take(folder: int, marker: str) -> bool:
    name = _name(marker)
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        if error.errno not in _NONE:
            raise
        return False
    try:
        # The folder is its people's: what they put there under this name is theirs, not root's.
        if not _is_roots(os.fstat(descriptor)):
            return False
        if not hmac.compare_digest(os.read(descriptor, len(marker) + 1), marker.encode()):
            return False
    finally:
        os.close(descriptor)
    os.unlink(name, dir_fd=folder)
    return True


def _name(marker: str) -> str:
    return _PREFIX + marker[:_NAMED]


def _is_roots(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode) and status.st_uid == 0
