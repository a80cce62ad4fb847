# SPDX-License-Identifier: GPL-3.0-or-later
"""People by number, and what the kernel lets them do."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

ALICE, BOB, CAROL, DAVE = 20000, 20001, 20002, 20003
SERVICE = 990
T = TypeVar("T")


def as_person(uid: int, action: Callable[[], T]) -> T:
    """Return what the action returns in a child process of this uid and gid; its exception is raised here."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os.umask(0o022)
            answer = pickle.dumps((True, action()))
        except BaseException as error:  # noqa: BLE001 - raised again in the parent
            answer = pickle.dumps((False, error))
        os.write(write_end, answer)
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        done, value = pickle.loads(pipe.read())  # noqa: S301 - from our own child
    os.waitpid(child, 0)
    if not done:
        raise value
    return value  # type: ignore[no-any-return]


def rights(uid: int, path: Path) -> str:
    """Return what access(2) allows the person: `rwx`, `r--`, ..."""

    def ask() -> str:
        asked = (("r", os.R_OK), ("w", os.W_OK), ("x", os.X_OK))
        return "".join(letter if os.access(path, mode) else "-" for letter, mode in asked)

    return as_person(uid, ask)
