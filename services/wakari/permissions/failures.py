# SPDX-License-Identifier: GPL-3.0-or-later
"""Errors of the file system: which stop everything, and what people are told of them."""

from __future__ import annotations

import errno
import os

from wakari.core.errors import AppError
from wakari.permissions.report import Reason

# Errors after which no other inode of the file system can be written either.
_FATAL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EOPNOTSUPP}
_GONE = {errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.ESTALE, errno.ENXIO}


def reason_to_skip(error: OSError) -> Reason:
    """Return what to count where an error is one inode's problem; raise it where it would happen to all."""
    if error.errno in _FATAL:
        raise error
    if error.errno in _GONE:
        return "vanished"
    if error.errno in {errno.EMFILE, errno.ENFILE}:
        return "too_deep"
    return "refused"


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
