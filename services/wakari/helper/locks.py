# SPDX-License-Identifier: GPL-3.0-or-later
"""One change at a time for each project, app instance and the table of accounts (flock(2); released by the kernel)."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from wakari.core.errors import AppError

_POLL = 0.1  # seconds
PATIENCE = 900.0  # seconds: the longest first start that is still believable


@contextmanager
def held(run_dir: Path, name: str, waiting: Callable[[], object], patience: float = PATIENCE) -> Iterator[None]:
    """Hold the named lock for the block; `waiting` is called once where somebody else holds it first.

    Raises:
        AppError: `busy` (409) after `patience` seconds.
    """
    folder = run_dir / "locks"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        _take(descriptor, waiting, patience)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, waiting: Callable[[], object], patience: float) -> None:
    deadline = time.monotonic() + patience
    told = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
                raise
        else:
            return
        if not told:
            told = True
            waiting()
        if time.monotonic() > deadline:
            raise AppError(
                "busy",
                "Another change of the same project is still running.",
                hint="Wait for it to end, then try again.",
                status=409,
            )
        time.sleep(_POLL)
