# SPDX-License-Identifier: GPL-3.0-or-later
"""One process's part of the walk: down from a directory, depth first, files before directories."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field

from wakari.permissions import tree
from wakari.permissions.failures import reason_to_skip
from wakari.permissions.inspector import Inspector, Project
from wakari.permissions.links import Links
from wakari.permissions.policy import PUBLIC
from wakari.permissions.sharing import Peer


@dataclass
class _Level:
    """A directory whose files are done: its descriptor, its path in the project, names of directories still to walk."""

    descriptor: int
    path: str
    waiting: list[str] = field(default_factory=list)

    def below(self, name: str) -> str:
        """Return the path of a name in the directory."""
        return f"{self.path}/{name}" if self.path else name


class Walker:
    """Walks in a process of its own: it changes the working directory."""

    def __init__(self, project: Project, inspector: Inspector, peer: Peer | None) -> None:
        self._project = project
        self._inspector = inspector
        self._skipped = inspector.report.skipped
        self._peer = peer
        self._levels: list[_Level] = []
        self.links = Links()

    def walk(self, descriptor: int | None) -> None:
        """Walk the open directory (the project's own), or None, and then what the peer gives.

        Raises:
            OSError: nothing more can be written; as ConnectionError: the peer is gone.
        """
        path = ""
        while True:
            if descriptor is not None:
                self._enter(descriptor, path)
                self._all_below()
            given = self._peer.take() if self._peer else None
            if given is None:
                return
            descriptor, path = given

    def _all_below(self) -> None:
        while self._levels:
            if self._peer and self._peer.asks():
                self._give(self._peer)
            level = self._levels[-1]
            if not level.waiting:
                os.close(level.descriptor)
                self._levels.pop()
                continue
            name = level.waiting.pop()
            descriptor = self._open(level, name)
            if descriptor is not None:
                self._enter(descriptor, level.below(name))

    def _give(self, peer: Peer) -> None:
        """Hand over a directory next to the top: the more there is below it, the less often the other asks again."""
        for level in self._levels:
            while level.waiting and peer.accepts(level.below(level.waiting[-1])):
                name = level.waiting.pop()
                descriptor = self._open(level, name)
                if descriptor is not None:
                    peer.give(descriptor, level.below(name))
                    return

    def _open(self, level: _Level, name: str) -> int | None:
        """Return a descriptor of a directory in this one; None (counted) where it cannot be walked."""
        try:
            descriptor = tree.open_directory(name, level.descriptor)
        except OSError as error:
            self._skipped[reason_to_skip(error)] += 1
            return None
        if self._project.is_elsewhere(descriptor, os.fstat(descriptor)):
            self._skipped["other_mount"] += 1
            os.close(descriptor)
            return None
        return descriptor

    def _enter(self, descriptor: int, path: str) -> None:
        """Compare a directory and the files in it, and push it on the stack."""
        level = _Level(descriptor, path)
        self._levels.append(level)
        public = path == PUBLIC or path.startswith(f"{PUBLIC}/")
        try:
            status = os.fstat(descriptor)
            self._inspector.directory(descriptor, path, status, public=public)
            # A bare name below the working directory costs the kernel least, and no link can be in its way.
            os.fchdir(descriptor)
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    self._name(level, status.st_ino, entry, public=public)
        except OSError as error:
            self._skipped[reason_to_skip(error)] += 1

    def _name(self, level: _Level, folder: int, entry: os.DirEntry[str], *, public: bool) -> None:
        """Handle one name in the directory, whose inode is `folder`."""
        try:
            if entry.is_dir(follow_symlinks=False):
                level.waiting.append(entry.name)
                return
            if not entry.is_file(follow_symlinks=False):
                self._skipped["symlink" if entry.is_symlink() else "special"] += 1
                return
            status = entry.stat(follow_symlinks=False)
            if not stat.S_ISREG(status.st_mode):
                self._skipped["vanished"] += 1
            elif status.st_uid in self._project.spared:
                self._skipped["spared_owner"] += 1
            elif status.st_dev != self._project.device:
                self._skipped["other_mount"] += 1
            elif status.st_nlink > 1:
                self.links.add(status, level.path, folder, entry.name, public=public)
            else:
                self._inspector.file(entry.name, level.descriptor, level.path, status, public=public)
        except OSError as error:
            self._skipped[reason_to_skip(error)] += 1
