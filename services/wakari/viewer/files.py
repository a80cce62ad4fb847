# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading below the project's folder, and nowhere else: one name at a time, by descriptor, following no link.

The tree belongs to people who may change it meanwhile. Names with a leading dot are nobody's business here.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from wakari.core.errors import AppError
from wakari.permissions import tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_ENTRIES = 5000  # of one folder; more would make a page nobody reads
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # NONBLOCK: a FIFO answers at once and is refused
Kind = Literal["folder", "file", "other"]


@dataclass(frozen=True)
class Entry:
    """One name of a folder; size in bytes, `modified` in seconds since the epoch."""

    name: str
    kind: Kind
    size: int
    modified: float


@dataclass(frozen=True)
class Folder:
    """What a folder holds, folders first; `cut` where it holds more than is listed."""

    entries: tuple[Entry, ...]
    cut: bool


def split(path: str) -> tuple[str, ...]:
    """Return the names in a path below the project.

    Raises:
        AppError: `path_refused` (403) where a name is `..`, begins with a dot or holds NUL.
    """
    names = tuple(name for name in path.split("/") if name)
    if any(name.startswith(".") or "\0" in name for name in names):
        raise AppError("path_refused", "Names that begin with a dot are not shown here.", status=403)
    return names


@contextmanager
def opened(project: Path, names: tuple[str, ...]) -> Iterator[int]:
    """Give a descriptor of the folder or regular file; closed at the end of the block.

    Raises:
        AppError: `file_not_found` (404), `file_forbidden` (403), `file_special` (403) for links, sockets and devices.
    """
    descriptor = _open(project, names)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def is_folder(descriptor: int) -> bool:
    """Return whether the descriptor is a folder's; otherwise it is a regular file's."""
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)


def listing(descriptor: int) -> Folder:
    """Return what an open folder holds, without names that begin with a dot."""
    found: list[Entry] = []
    cut = False
    with os.scandir(descriptor) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if len(found) == MAX_ENTRIES:
                cut = True
                break
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue  # gone meanwhile
            found.append(Entry(entry.name, _kind(status.st_mode), status.st_size, status.st_mtime))
    found.sort(key=lambda one: (one.kind != "folder", one.name.casefold(), one.name))
    return Folder(tuple(found), cut)


def _open(project: Path, names: tuple[str, ...]) -> int:
    try:
        if not names:
            return tree.open_below(project)
        parent = _passed(project, names[:-1])
        try:
            descriptor = os.open(names[-1], _FILE, dir_fd=parent)
        finally:
            os.close(parent)
    except FileNotFoundError as error:
        raise AppError("file_not_found", "There is no such file or folder.", status=404) from error
    except PermissionError as error:
        raise _forbidden() from error
    except OSError as error:  # ELOOP, ENOTDIR, ENXIO, ENAMETOOLONG
        raise _special() from error
    mode = os.fstat(descriptor).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        os.close(descriptor)
        raise _special()
    return descriptor


def _passed(project: Path, names: tuple[str, ...]) -> int:
    """Return an O_PATH descriptor of a folder: it may be passed through without the right to list it."""
    flags = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(project, flags)
    for name in names:
        try:
            child = os.open(name, flags, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = child
    return descriptor


def _kind(mode: int) -> Kind:
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else "other"


def _forbidden() -> AppError:
    return AppError(
        "file_forbidden",
        "You may not read this.",
        hint="The project's owner can add you to its team. Whoever sees the project and not this file: permissions are "
        "put right when the project starts.",
        status=403,
    )


def _special() -> AppError:
    return AppError("file_special", "Links and special files are not shown here.", status=403)
