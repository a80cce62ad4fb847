# SPDX-License-Identifier: GPL-3.0-or-later
"""What py-rattler says, in words for a person. Imported by `rattler.py` alone, in its process."""

from __future__ import annotations

from rattler import exceptions

from wakari.environments.errors import EnvironmentsError

_KINDS: tuple[tuple[tuple[type[BaseException], ...], str, str, str, int], ...] = (
    (
        (exceptions.SolverError,),
        "unsatisfiable",
        "The channels cannot satisfy the request",
        "Check the names and versions, and that the channels hold them for linux-64.",
        400,
    ),
    (
        (exceptions.FetchRepoDataError, exceptions.GatewayError, exceptions.InvalidChannelError),
        "channel_unavailable",
        "A channel cannot be read",
        "Check its address, and that this machine can reach it.",
        502,
    ),
    (
        (exceptions.InvalidMatchSpecError, exceptions.InvalidPackageNameError),
        "bad_request",
        "A package cannot be named so",
        "",
        400,
    ),
)
# Errors of the system arrive as text (errno(3)): ENOSPC, EDQUOT; EACCES.
_NO_SPACE = ("os error 28", "No space left", "os error 122")
_FORBIDDEN = ("os error 13",)


def translated(error: BaseException) -> EnvironmentsError:
    """The error that a person can act on; `install_failed` with the library's words where none is known."""
    text = " ".join((str(error) or type(error).__name__).split())
    if any(mark in text for mark in _NO_SPACE):
        return EnvironmentsError(
            "no_space",
            "No space is left on the file system of the environment or of its package cache.",
            hint="Free space, remove what was begun, and try again.",
            status=507,
        )
    if isinstance(error, PermissionError) or any(mark in text for mark in _FORBIDDEN):
        return EnvironmentsError(
            "forbidden",
            f"The environment or its package cache may not be written: {text}",
            hint="Choose a place that you may write, as a project of which you are a member.",
            status=403,
        )
    for kinds, code, message, hint, status in _KINDS:
        if isinstance(error, kinds):
            return EnvironmentsError(code, f"{message}: {text}", hint=hint, status=status)
    if "hash" in text.lower() and "mismatch" in text.lower():
        return EnvironmentsError("hash_mismatch", f"A downloaded package is not the one indexed: {text}")
    return EnvironmentsError("install_failed", f"{type(error).__name__}: {text}", status=500)
