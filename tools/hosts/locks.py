# SPDX-License-Identifier: GPL-3.0-or-later
"""Locks between runs. The kernel drops a lock when its holder ends in whatever way, so none can be left behind."""

from __future__ import annotations

import contextlib
import fcntl
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tools.hosts.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WAIT_SECONDS = 600
LOCKS = Path("/run/lock")


@contextlib.contextmanager
def locked(path: Path, say: Callable[[str], None], *, seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the lock file; wait for another run that holds it.

    Raises:
        LabError: the other run still holds it after `seconds`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        deadline = time.monotonic() + seconds
        told = False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if not told:
                    say(f"waits for another run that holds {path}")
                    told = True
                if time.monotonic() > deadline:
                    raise LabError(
                        f"another run holds {path} for more than {seconds:g} s: wait for it or end it"
                    ) from None
                time.sleep(0.1)
            else:
                break
        yield
