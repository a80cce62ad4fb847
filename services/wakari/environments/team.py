# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps what is made in a project right for its team.

A folder with default entries gives them to what is made in it, and the mask with them; whoever then sets a mode sets
the mask (acl(5)). Installers set modes: the team would be named in the list, and masked out.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

_DEFAULTS = "system.posix_acl_default"
_EVERYBODY = 0o777


def inherited_mode(parent: int) -> int | None:
    """Mode of a directory that is made in the open directory `parent`; None where that has no default entries."""
    if _DEFAULTS not in os.listxattr(parent):
        return None
    name = f".mode-{secrets.token_hex(4)}"
    os.mkdir(name, _EVERYBODY, dir_fd=parent)
    try:
        return stat.S_IMODE(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode) & _EVERYBODY
    finally:
        os.rmdir(name, dir_fd=parent)


def file_mode(mode: int, directory_mode: int | None) -> int:
    """Mode of a file that had `mode` elsewhere: its owner's bits for the team as well, as far as a directory gives."""
    mode &= _EVERYBODY
    if directory_mode is None:
        return mode
    owner = mode >> 6
    return owner << 6 | (owner & directory_mode >> 3 & 7) << 3 | owner & directory_mode & 7


def open_to_team(prefix: Path) -> None:
    """Let the team have of the caller's files below `prefix` what the default entries there give; nothing without any.

    Links are not followed, other people's files are left alone, and what vanishes meanwhile is passed over.
    """
    try:
        descriptor = os.open(prefix.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return
    try:
        mode = inherited_mode(descriptor)
        if mode is None:
            return
        _open(prefix.name, descriptor, mode)
        for _, folders, files, here in os.fwalk(prefix.name, dir_fd=descriptor):
            for name in folders:
                _open(name, here, mode)
            for name in files:
                _open(name, here, mode)
    finally:
        os.close(descriptor)


def _open(name: str, within: int, directory_mode: int) -> None:
    try:
        found = os.stat(name, dir_fd=within, follow_symlinks=False)
        if found.st_uid != os.geteuid():
            return
        if stat.S_ISDIR(found.st_mode):
            wanted = directory_mode
        elif stat.S_ISREG(found.st_mode):
            wanted = file_mode(found.st_mode, directory_mode)
        else:
            return
        if found.st_mode & _EVERYBODY != wanted:
            _set(name, within, wanted, found)
    except (FileNotFoundError, PermissionError):
        return


def _set(name: str, within: int, mode: int, expected: os.stat_result) -> None:
    # By a descriptor: whoever may write here could put a link in the file's place.
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=within)
    try:
        if os.path.samestat(os.fstat(descriptor), expected):
            os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)
