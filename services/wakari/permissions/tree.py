# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening and reading inodes by descriptor, so that no name is looked up twice and no symbolic link is followed."""

from __future__ import annotations

import errno
import os
import re
import resource
from pathlib import Path

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Whatever it is, it is opened at once and without effect: a FIFO (O_NONBLOCK), a terminal (O_NOCTTY).
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC
_PIN = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
Target = int | str  # what getxattr and setxattr take: a descriptor, or the path to one
_MOUNT_ID = re.compile(r"^mnt_id:\s*(\d+)$", re.MULTILINE)


def open_directory(name: str | Path, parent: int | None = None) -> int:
    """Return a descriptor of the directory; OSError where it is none, or a symbolic link (ELOOP, ENOTDIR)."""
    return os.open(name, _DIRECTORY, dir_fd=parent)


def open_below(root: Path, *names: str) -> int:
    """Return a descriptor of the directory `root/names...`, none of the names being a symbolic link."""
    return descend(open_directory(root), "/".join(names))


def descend(descriptor: int, path: str) -> int:
    """Return a descriptor of the directory at the path below; no name in it is followed as a link. Closes the first."""
    for name in filter(None, path.split("/")):
        try:
            child = open_directory(name, descriptor)
        finally:
            os.close(descriptor)
        descriptor = child
    return descriptor


def hold(name: str, parent: int) -> tuple[int, Target]:
    """Return a descriptor of what the name is now, and what the attribute calls take for exactly that inode."""
    try:
        descriptor = os.open(name, _FILE, dir_fd=parent)
    except (BlockingIOError, PermissionError):  # another process has a lease on it; a server that does not trust root
        descriptor = pin(name, parent)
        return descriptor, by_descriptor(descriptor)
    return descriptor, descriptor


def pin(name: str, parent: int) -> int:
    """Return an O_PATH descriptor of what the name is now, of any type: the inode stays the same from here on."""
    return os.open(name, _PIN, dir_fd=parent)


def by_descriptor(descriptor: int) -> str:
    """Return a path to exactly the inode behind a descriptor (proc(5)); works where O_PATH refuses f*xattr calls."""
    return f"/proc/self/fd/{descriptor}"


def mount_id(descriptor: int) -> int:
    """Return the id of the mount a descriptor was opened on; it differs below a bind mount, where st_dev does not."""
    found = _MOUNT_ID.search(Path(f"/proc/self/fdinfo/{descriptor}").read_text(encoding="ascii"))
    if found is None:
        raise OSError(errno.ENOTSUP, "this kernel does not tell mount ids")
    return int(found[1])


def has_mounts_below(descriptor: int) -> bool:
    """Return whether something is mounted below the directory now (proc(5), mountinfo)."""
    root = bytes(Path(by_descriptor(descriptor)).readlink()).rstrip(b"/") + b"/"
    for line in Path("/proc/self/mountinfo").read_bytes().splitlines():
        # Blanks and backslashes are written in octal.
        point = re.sub(rb"\\([0-7]{3})", lambda match: bytes([int(match[1], 8)]), line.split()[4])
        if point.startswith(root):
            return True
    return False


def read_attribute(path: str | int, name: str, *, follow: bool = True) -> bytes | None:
    """Return the value of an extended attribute; None where the inode has none of the name."""
    try:
        return os.getxattr(path, name, follow_symlinks=follow)
    except OSError as error:
        if error.errno == errno.ENODATA:
            return None
        raise


def allow_many_descriptors() -> None:
    """Raise the soft limit of open files to the hard one: a walk holds one descriptor a level."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
