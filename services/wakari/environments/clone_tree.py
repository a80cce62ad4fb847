# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies a tree between two open directories: links where it can, rewrites where it must."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from wakari.environments.relocation import Relocation
from wakari.environments.safe_files import create_regular, directory, open_regular, write_all
from wakari.environments.team import file_mode

# Parts of a distribution that are not part of its environment, and a mark that makes backups skip the directory.
_NOT_CLONED = frozenset({"pkgs", "envs", "CACHEDIR.TAG"})
# Files of packages are recorded when they name the prefix. What pip installed is not recorded: such files are looked
# for among those that pip writes with a path in them.
_SCANNED_NAMES = frozenset({"kernel.json", "direct_url.json"})
_SCANNED_SUFFIXES = (".pth", ".egg-link")
_SCANNED_PREFIX = "__editable__"  # what setuptools writes for `pip install -e`
SCANNED_SIZE = 1 << 20
_COPY_SIZE = 1 << 20
_PROGRESS_STEP = 500
_SECOND = 10**9  # nanoseconds
# Making a directory takes longer than all else here and waits in the kernel; two at a time is as much as ext4 gives.
_THREADS = 2
# lib/python3.11/site-packages/ and share/jupyter/labextensions/: their directories are shared out.
_SPLIT_DEPTH = 3


@dataclass
class Counts:
    """Numbers of files, so far."""

    linked: int = 0
    copied: int = 0
    rewritten: int = 0
    symlinks: int = 0

    @property
    def files(self) -> int:
        """All of them."""
        return self.linked + self.copied + self.rewritten + self.symlinks


def is_scanned(name: str, relative: str) -> bool:
    """Return whether a file that no record tells of is one that pip writes with a path in it, if it is small.

    `relative` is the folder in the environment, with a final slash.
    """
    return (
        relative == "bin/"
        or name in _SCANNED_NAMES
        or name.endswith(_SCANNED_SUFFIXES)
        or (name.startswith(_SCANNED_PREFIX) and name.endswith(".py"))
    )


class TreeCloner:
    """One clone in progress."""

    def __init__(
        self,
        relocation: Relocation,
        text: set[str],
        binary: dict[str, int],
        total: int,
        *,
        owner: tuple[int, int] | None,
        share_own: bool,
        progress: Callable[[int, int], None],
    ) -> None:
        """Take the files that name the prefix (text; binary with room), how many to expect, and who gets the clone.

        Files that are not root's are linked where `share_own` says that source and clone are the same people's.
        """
        self.counts = Counts()
        self._relocation = relocation
        self._text = text
        self._binary = binary
        self._total = total
        self._owner = owner
        self._progress = progress
        self.directory_mode: int | None = None  # what the place of the clone gives to its directories
        self._same_device = True
        # A file that another user owns could be changed under the clone: such files are copied.
        self._share_own = share_own
        self._link_owners = (0, os.geteuid()) if share_own else (0,)
        self._all_linkable = False
        self._lock = threading.Lock()

    def clone_tree(self, source: int, target: int) -> None:
        """Clone everything below the directory `source` into the empty directory `target`."""
        # What the kernel lets somebody else than root link is theirs, or theirs to write (proc_sys_fs(5)).
        mine = self._share_own and os.geteuid() != 0
        self._all_linkable = mine or os.fstat(source).st_uid == 0
        with ThreadPoolExecutor(_THREADS) as self._pool:
            self._clone_directory(source, target, "")
        self._progress(self.counts.files, self.counts.files)

    def hand_over(self, target: int) -> None:
        """Give a finished directory to its owner, readable for the group until permissions are applied."""
        os.fchmod(target, 0o755 if self.directory_mode is None else self.directory_mode)
        if self._owner:
            os.fchown(target, *self._owner)

    def _clone_directory(self, source: int, target: int, relative: str) -> None:
        # The caller holds both descriptors until everything below is done.
        below: list[Future[None]] = []
        try:
            self._clone_entries(source, target, relative, below)
            for task in below:
                task.result()
        finally:
            for task in below:
                task.cancel()
            wait(below)

    def _clone_entries(self, source: int, target: int, relative: str, below: list[Future[None]]) -> None:
        with os.scandir(source) as entries:
            for entry in entries:
                if not relative and entry.name in _NOT_CLONED:
                    continue
                if entry.is_symlink():
                    self._clone_link(entry.name, source, target)
                elif entry.is_dir(follow_symlinks=False):
                    # Only the directory at this depth hands out work, so no task waits for another.
                    if relative.count("/") == _SPLIT_DEPTH:
                        below.append(self._pool.submit(self._clone_child, entry.name, source, target, relative))
                    else:
                        self._clone_child(entry.name, source, target, relative)
                elif entry.is_file(follow_symlinks=False):
                    self._clone_file(entry, source, target, relative)
                # Sockets, FIFOs and devices are not part of an environment.

    def _clone_child(self, name: str, source: int, target: int, relative: str) -> None:
        os.mkdir(name, 0o700, dir_fd=target)
        with directory(name, within=source) as child, directory(name, within=target) as made:
            self._clone_directory(child, made, f"{relative}{name}/")
            self.hand_over(made)

    def _count(self, kind: str) -> None:
        with self._lock:
            setattr(self.counts, kind, getattr(self.counts, kind) + 1)
            if self.counts.files % _PROGRESS_STEP == 0:
                self._progress(self.counts.files, max(self._total, self.counts.files))

    def _clone_link(self, name: str, source: int, target: int) -> None:
        leads_to = self._relocation.link(os.readlink(name, dir_fd=source))
        os.symlink(leads_to, name, dir_fd=target)
        if self._owner:
            os.chown(name, *self._owner, dir_fd=target, follow_symlinks=False)
        self._count("symlinks")

    def _clone_file(self, entry: os.DirEntry[str], source: int, target: int, relative: str) -> None:
        path = relative + entry.name
        recorded = path in self._text or path in self._binary
        scanned = is_scanned(entry.name, relative) and entry.stat(follow_symlinks=False).st_size <= SCANNED_SIZE
        if (recorded or scanned) and self._rewrite(entry.name, source, target, path):
            self._count("rewritten")
        # Every tool rewrites records in place, so they are never shared.
        elif relative != "conda-meta/" and self._link(entry.name, source, target):
            self._count("linked")
        else:
            self._copy(entry.name, source, target)
            self._count("copied")

    def _link(self, name: str, source: int, target: int) -> bool:
        if not self._same_device:
            return False
        try:
            os.link(name, name, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
        except OSError as error:
            # EXDEV: another file system. EMLINK: 65,000 links on ext4. EPERM: fs.protected_hardlinks, or a file
            # system without links.
            if error.errno not in (errno.EXDEV, errno.EMLINK, errno.EPERM):
                raise
            self._same_device = error.errno != errno.EXDEV
            return False
        if self._all_linkable:
            return True
        # Looked at after linking: before, the name could still change hands.
        linked = os.stat(name, dir_fd=target, follow_symlinks=False)
        if stat.S_ISREG(linked.st_mode) and linked.st_uid in self._link_owners:
            return True
        os.unlink(name, dir_fd=target)
        return False

    def _rewrite(self, name: str, source: int, target: int, path: str) -> bool:
        descriptor = open_regular(name, within=source)
        with os.fdopen(descriptor, "rb") as file:
            content = file.read()
            if not self._relocation.concerns(content):
                return False
            if path in self._binary:
                content = self._relocation.binary(content, self._binary[path])
            elif path not in self._text and b"\0" in content:
                return False  # an unrecorded program: its strings have no room for another path
            else:
                content = self._relocation.text(content)
            # Byte code is found outdated by size and second alone: a module that changed must not look as it did.
            later = _SECOND if name.endswith(".py") else 0
            self._write(name, target, os.fstat(descriptor), lambda new: write_all(new, content), later=later)
        return True

    def _copy(self, name: str, source: int, target: int) -> None:
        descriptor = open_regular(name, within=source)

        def fill(new: int) -> None:
            while content := os.read(descriptor, _COPY_SIZE):
                write_all(new, content)

        try:
            self._write(name, target, os.fstat(descriptor), fill)
        finally:
            os.close(descriptor)

    def _write(
        self, name: str, target: int, like: os.stat_result, fill: Callable[[int], None], *, later: int = 0
    ) -> None:
        new = create_regular(name, within=target)
        try:
            fill(new)
            if self._owner:
                os.fchown(new, *self._owner)
            # Never set-user-ID: the file has another owner now.
            os.fchmod(new, file_mode(like.st_mode, self.directory_mode))
            os.utime(new, ns=(like.st_atime_ns, like.st_mtime_ns + later))
        finally:
            os.close(new)
