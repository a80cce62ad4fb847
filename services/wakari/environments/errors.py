# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import errno

from wakari.core.errors import AppError

# Code of an error -> exit status of wk-environment (docs/environments.md lists them).
EXIT_STATUS = {
    "bad_request": 2,
    "unsatisfiable": 3,
    "hash_mismatch": 4,
    "channel_unavailable": 5,
    "no_space": 6,
    "destination_exists": 7,
    "not_an_environment": 8,
    "forbidden": 9,
    "protected": 10,
    "no_channel": 11,
}


class EnvironmentsError(AppError):
    """An environment cannot be made or read; code, message and hint say why and what to do."""

    @property
    def exit_status(self) -> int:
        """Exit status of the program; 1 for a code without a number of its own."""
        return EXIT_STATUS.get(self.code, 1)


def from_os_error(error: OSError, doing: str) -> EnvironmentsError:
    """The failure of a system call in words, with what the person can do about it."""
    place = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return EnvironmentsError(
            "no_space",
            f"No space is left while {doing}{place}.",
            hint="Free space or inodes on that file system, or raise the quota, and try again.",
            status=507,
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return EnvironmentsError(
            "forbidden",
            f"{error.strerror} while {doing}{place}.",
            hint="Choose a place that you may write, as a project of which you are a member.",
            status=403,
        )
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return EnvironmentsError(
            "unsafe_path",
            f"A symbolic link or a file stands where a directory is needed, while {doing}{place}.",
            hint="Remove it: environments are never written through links that a user controls.",
        )
    return EnvironmentsError("system_error", f"{error.strerror or error} while {doing}{place}.", status=500)
