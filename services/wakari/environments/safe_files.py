# SPDX-License-Identifier: GPL-3.0-or-later
"""File operations for a privileged process in directories that belong to users.

Names are always relative to an open directory, and a symbolic link is never followed: whoever owns the directory can
exchange a name for a link at any moment, but not the directory behind a descriptor.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from wakari.environments.errors import EnvironmentsError

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# On the way a directory needs not be readable: those that hold everybody's projects are not.
_PASSAGE = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MAX_LINKS = 40  # as the kernel (path_resolution(7))


@contextmanager
def directory(name: str, *, within: int) -> Iterator[int]:
    """The descriptor of the directory `name` in `within`; OSError where it is a link or no directory."""
    descriptor = os.open(name, _DIRECTORY, dir_fd=within)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def directory_at(path: Path) -> Iterator[int]:
    """The descriptor of the directory at an absolute path.

    Links on the way are followed where root or the caller made them (/projects on another disk), refused where
    another user did.

    Raises:
        OSError: a part is missing or is not a directory.
        EnvironmentsError: `unsafe_path`.
    """
    descriptor = _walk(path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _walk(path: Path) -> int:
    if not path.is_absolute() or ".." in path.parts:
        raise EnvironmentsError("bad_request", f"{path} is not an absolute path without `..`.")
    pending = list(reversed(path.parts[1:]))
    here = os.open("/", _PASSAGE)
    links = 0
    try:
        while pending:
            name = pending.pop()
            if name == "..":  # only from a trusted link
                following = os.open("..", _PASSAGE, dir_fd=here)
            else:
                status = os.stat(name, dir_fd=here, follow_symlinks=False)
                if stat.S_ISLNK(status.st_mode):
                    links += 1
                    target = _trusted_target(path, name, status, here, links)
                    pending += reversed([part for part in target.parts if part != "/"])
                    following = os.open("/" if target.is_absolute() else ".", _PASSAGE, dir_fd=here)
                else:
                    following = os.open(name, _PASSAGE, dir_fd=here)
            os.close(here)
            here = following
        return os.open(".", _DIRECTORY, dir_fd=here)
    finally:
        os.close(here)


def _trusted_target(path: Path, name: str, status: os.stat_result, here: int, links: int) -> PurePosixPath:
    if status.st_uid not in (0, os.geteuid()) or links > _MAX_LINKS:
        raise EnvironmentsError(
            "unsafe_path",
            f"{name} in {path} is a symbolic link of user {status.st_uid}.",
            hint="Remove it: environments are never written through links that a user controls.",
        )
    return PurePosixPath(os.readlink(name, dir_fd=here))


def walk(folder: int) -> Iterator[tuple[str, list[str], int, list[str]]]:
    """Yield the open folder and those below: path with a final slash (empty for itself), names, descriptor, `below`.

    The caller puts into `below` the names of folders to go on with; they are entered after it, links never. One
    descriptor is open at a time, however deep the tree. What cannot be entered (any more) is left out.
    """
    waiting = [""]
    while waiting:
        path = waiting.pop()
        here = os.dup(folder)
        try:
            for part in filter(None, path.split("/")):
                below_here = os.open(part, _DIRECTORY, dir_fd=here)
                os.close(here)
                here = below_here
            below: list[str] = []
            yield path, os.listdir(here), here, below  # noqa: PTH208 - a descriptor, not a path
            waiting += [f"{path}{name}/" for name in below]
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
        finally:
            os.close(here)


def require_own(descriptor: int, name: str) -> None:
    """Raise EnvironmentsError `unsafe_path` where the open directory is not the caller's alone."""
    status = os.fstat(descriptor)
    if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise EnvironmentsError(
            "unsafe_path",
            f"{name} is not the directory that was made: user {status.st_uid}, mode {stat.S_IMODE(status.st_mode):o}.",
            hint="Somebody exchanged it. Try again; an administrator can look who works there.",
        )


def open_regular(name: str, *, within: int) -> int:
    """Open a regular file for reading; OSError for a link, EnvironmentsError for anything else."""
    # O_NONBLOCK: a FIFO put in the place of the file must not hold the process.
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=within)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise EnvironmentsError("unsafe_path", f"{name} is not a regular file.")
    return descriptor


def create_regular(name: str, *, within: int) -> int:
    """Create a file for writing that must not exist; its mode is 0600 until the caller sets another."""
    return os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=within)


def write_all(descriptor: int, content: bytes) -> None:
    """Write everything; OSError when the disk is full."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]
