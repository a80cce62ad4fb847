# SPDX-License-Identifier: GPL-3.0-or-later
"""A look at all projects of a node: what changed since the last one goes into the index.

Paths are walked by descriptors, one name at a time, and no symbolic link is followed; a descriptor that turns out to be
no regular file is not read. The caller may read every file: what nobody but this program may read stays here.
"""

from __future__ import annotations

import hashlib
import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from wakari.core import names
from wakari.core.errors import BadInputError
from wakari.search import readers
from wakari.search.child import Extractor
from wakari.search.extract import Content, kind_of
from wakari.search.index import Index, Known
from wakari.search.readers import Readers

log = logging.getLogger(__name__)
# Left out with everything below, besides names that begin with a dot: what is made, not written (docs/search.md).
SKIPPED = frozenset({"envs", "node_modules", "__pycache__", "site-packages"})
_MARKS_OF_ENVIRONMENTS = frozenset({"conda-meta", "pyvenv.cfg"})
_DEEPEST = 40  # folders below a project
_TICK = 1.0  # seconds, far above a tick of the kernel's clock (time(7), "jiffy") and of file systems of the network
_BATCH = 200  # files of one transaction: a reader never waits for it, a crash loses no more
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


@dataclass
class Count:
    """What a look found."""

    files: int = 0
    changed: int = 0
    removed: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Scanner:
    """Brings the index in line with the files below `root`. `file_limit` in bytes, `project_files` a count."""

    root: Path
    index: Index
    extractor: Extractor
    file_limit: int
    project_files: int
    ended: threading.Event = field(default_factory=threading.Event)

    def look(self) -> Count:
        """Return what was found; stops early, with what was done so far kept, where `ended` is set.

        A project that cannot be read, for whatever reason, is logged; the others are looked at.
        """
        count, begun = Count(), time.monotonic()
        known = self.index.projects()
        seen = set()
        with _opened(str(self.root)) as root:
            for owner, project in self._projects(root):
                if self.ended.is_set():
                    return count
                path = f"{owner}/{project}"
                seen.add(path)
                try:
                    self._project(root, path, known.get(path), count)
                except OSError as error:
                    log.warning("a project was not read", extra={"project": path, "why": error.strerror})
                except Exception:
                    # What its people put there keeps nobody else's files, and no change of rights, from being seen.
                    log.exception("a project was not read", extra={"project": path})
        for path in known.keys() - seen:
            with self.index.change():
                self.index.remove_project(known[path])
        count.seconds = time.monotonic() - begun
        return count

    def _projects(self, root: int) -> Iterator[tuple[str, str]]:
        for owner in _folders(root, names.user_name):
            try:
                with _opened(owner, root) as folder:
                    found = list(_folders(folder, names.project_name))
            except OSError:
                continue  # removed meanwhile
            yield from ((owner, project) for project in found)

    def _project(self, root: int, path: str, project: int | None, count: Count) -> None:
        owner, _, name = path.partition("/")
        with _opened(owner, root) as folder, _opened(name, folder) as top:
            if project is None:
                with self.index.change():
                    project = self.index.add_project(path)
            known = self.index.files(project)
            walk = _Walk(self.project_files, os.fstat(top).st_dev)
            changes: list[_Change] = []
            for change in self._changes(walk, top, known):
                changes.append(change)
                if len(changes) >= _BATCH:
                    self._apply(project, changes, count)
                if self.ended.is_set():
                    return
            self._apply(project, changes, count)
        count.files += len(walk.seen)
        gone = [known[path].id for path in known.keys() - walk.seen]
        with self.index.change():
            for key in gone:
                self.index.remove(key)
            self.index.note_more(project, walk.more)
        count.removed += len(gone)

    def _changes(self, walk: _Walk, top: int, known: dict[str, Known]) -> Iterator[_Change]:
        for found in walk.files(top, "", readers.of_directory(top, os.fstat(top)), 0):
            former = known.get(found.path)
            if former is not None and former.mark == found.mark:
                effective = former.own.within(found.folder)
                if effective != former.readers:
                    yield _Change(found, former, former.own, effective, former.digest, None)
                continue
            change = self._read(found, former)
            if change is None:
                walk.seen.discard(found.path)
            else:
                yield change

    def _read(self, found: _Found, former: Known | None) -> _Change | None:
        """Return the change; None where there is no such regular file any more."""
        read_at = time.time()
        try:
            descriptor = os.open(found.name, _FILE, dir_fd=found.descriptor)
        except OSError:
            return None
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return None
            own = readers.of_file(descriptor, status)
            raw = _content(descriptor, self.file_limit) if status.st_size <= self.file_limit else None
        except OSError:
            return None
        finally:
            os.close(descriptor)
        found.mark = _mark(status, read_at)
        found.modified = status.st_mtime
        effective = own.within(found.folder)
        digest = b"" if raw is None else hashlib.blake2b(raw, digest_size=16).digest()
        if former is not None and digest == former.digest:
            return _Change(found, former, own, effective, digest, None)
        if raw is None:
            content = Content("", note=f"It is larger than {self.file_limit >> 20} MiB: only its name is searched.")
        else:
            content = self.extractor.extract(found.kind, raw)
        return _Change(found, former, own, effective, digest, content)

    def _apply(self, project: int, changes: list[_Change], count: Count) -> None:
        if not changes:
            return
        with self.index.change():
            for one in changes:
                found = one.found
                if one.content is None and one.former is not None:
                    self.index.touch(
                        one.former.id, mark=found.mark, modified=found.modified, own=one.own, effective=one.effective
                    )
                    continue
                if one.former is not None:
                    self.index.remove(one.former.id)
                self.index.put(
                    project,
                    found.path,
                    found.kind,
                    one.content or Content(""),
                    mark=found.mark,
                    modified=found.modified,
                    digest=one.digest,
                    own=one.own,
                    effective=one.effective,
                )
        count.changed += len(changes)
        changes.clear()


@dataclass
class _Found:
    """A file that is to be searched, in an open folder. `folder`: who is let through to it."""

    path: str
    name: str
    kind: str
    descriptor: int
    mark: str
    modified: float
    folder: Readers


@dataclass(frozen=True)
class _Change:
    found: _Found
    former: Known | None
    own: Readers
    effective: Readers
    digest: bytes
    content: Content | None  # None: as it was


@dataclass
class _Walk:
    """One walk through a project; counts files beyond the limit instead of reading them."""

    most: int
    device: int
    seen: set[str] = field(default_factory=set)
    more: int = 0

    def files(self, folder: int, prefix: str, passing: Readers, depth: int) -> Iterator[_Found]:
        """Yield the files of a folder and of those below; the descriptor is open until the next one is asked for."""
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
        if any(entry.name in _MARKS_OF_ENVIRONMENTS for entry in entries):
            return
        for entry in entries:
            if entry.name.startswith(".") or not _is_text(entry.name):
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in SKIPPED and depth < _DEEPEST:
                        yield from self._below(folder, prefix, entry.name, passing, depth)
                    continue
                kind = kind_of(entry.name)
                if kind is None or not entry.is_file(follow_symlinks=False):
                    continue
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue  # removed meanwhile
            if len(self.seen) >= self.most:
                self.more += 1
                continue
            path = prefix + entry.name
            self.seen.add(path)
            yield _Found(path, entry.name, kind, folder, _mark(status), status.st_mtime, passing)

    def _below(self, folder: int, prefix: str, name: str, passing: Readers, depth: int) -> Iterator[_Found]:
        with _opened(name, folder) as inner:
            status = os.fstat(inner)
            if status.st_dev == self.device:  # what is mounted here is not the project's
                within = readers.of_directory(inner, status).within(passing)
                yield from self.files(inner, f"{prefix}{name}/", within, depth + 1)


def _mark(status: os.stat_result, read_at: float | None = None) -> str:
    # The time of the inode's last change cannot be set by people, unlike that of its content (inode(7)).
    mark = f"{status.st_ino}:{status.st_size}:{status.st_mtime_ns}:{status.st_ctime_ns}"
    # The kernel's clock ticks: what was written right before it was read may be written again in the same tick, and
    # must be read once more.
    return f"{mark}:again" if read_at is not None and read_at - status.st_ctime < _TICK else mark


def _content(descriptor: int, limit: int) -> bytes | None:
    """Return the bytes; None where there are more than the limit by now."""
    pieces, size = [], 0
    while chunk := os.read(descriptor, 1 << 20):
        size += len(chunk)
        if size > limit:
            return None
        pieces.append(chunk)
    return b"".join(pieces)


def _folders(folder: int, check: Callable[[object], str]) -> Iterator[str]:
    with os.scandir(folder) as scan:
        found = sorted(entry.name for entry in scan if entry.is_dir(follow_symlinks=False))
    for name in found:
        try:
            check(name)
        except BadInputError:
            continue
        yield name


def _is_text(name: str) -> bool:
    """Return whether the name is UTF-8: another cannot be told in JSON."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


@contextmanager
def _opened(name: str, folder: int | None = None) -> Iterator[int]:
    descriptor = os.open(name, _DIRECTORY, dir_fd=folder)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
