# SPDX-License-Identifier: GPL-3.0-or-later
"""Who edits a file now: a record beside the file, seen by every server of the team on every node.

Each person has a Jupyter server of their own, so the file system is the one thing they share. The record of `a.ipynb`
is `.a.ipynb.lock`, as in the original. Whose lock it is, the record's owner says: the kernel sets it, nobody can
forge it. It is renewed while the file is open and expires when that stops. The rule is soft: anybody may take a lock
over.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

# Seconds without renewal. A browser lets the timers of a page in the background run once a minute.
EXPIRES = 150.0
_MAX_RECORD = 4096  # bytes


@dataclass(frozen=True)
class Lock:
    """Who has a file open for editing, and since when (seconds of the epoch)."""

    user: str
    since: float
    mine: bool


def record_of(file: str) -> Path:
    """Return the path of a file's record."""
    folder, name = os.path.split(file)
    return Path(folder) / f".{name}.lock"


def read(file: str) -> Lock | None:
    """Return the lock on a file; None where nobody holds one, or it expired, or the record is none of ours."""
    try:
        descriptor = os.open(record_of(file), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as record:
        try:
            status = os.fstat(record.fileno())
            since = float(json.loads(record.read(_MAX_RECORD))["since"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
    if abs(time.time() - status.st_mtime) > EXPIRES:
        return None
    if not 0 < since <= status.st_mtime:  # the one thing that somebody could have written by hand
        since = status.st_mtime
    return Lock(user=_name(status.st_uid), since=since, mine=status.st_uid == os.getuid())


def held_by_another(file: str) -> Lock | None:
    """Return somebody else's lock on the file; None where there is none."""
    lock = read(file)
    return None if lock is None or lock.mine else lock


def take(file: str, *, over: bool = False) -> Lock | None:
    """Take the lock where it is free, renew one's own, or take it over from its holder.

    Return the lock as it then stands, which is somebody else's where it was theirs and `over` is false; None where the
    folder cannot be written, or the file is not there: then there is nothing to protect.
    """
    lock = read(file)
    if lock is not None and lock.mine:
        with contextlib.suppress(OSError):  # gone in between: the next call takes it anew
            os.utime(record_of(file), follow_symlinks=False)
        return lock
    if lock is not None and not over:
        return lock
    try:
        if not Path(file).is_file():
            return None
        _write(record_of(file), replace=over or os.path.lexists(record_of(file)))
    except OSError:
        return None
    return read(file)


def release(file: str) -> None:
    """Give one's own lock back; nothing where it is somebody else's."""
    record = record_of(file)
    aside = record.with_name(f"{record.name}.{secrets.token_hex(8)}")
    with contextlib.suppress(OSError):
        # Moved first and looked at then: a lock that was taken over in between goes back to where it was.
        record.rename(aside)
        try:
            if aside.lstat().st_uid != os.getuid():
                os.link(aside, record, follow_symlinks=False)
        finally:
            aside.unlink()


def move(old: str, new: str) -> None:
    """Let one's own lock follow a file to its new name."""
    lock = read(old)
    if lock is not None and lock.mine:
        with contextlib.suppress(OSError):
            record_of(old).rename(record_of(new))


def _write(record: Path, *, replace: bool) -> None:
    """Write the record whole, or not at all; raise FileExistsError where one is there that is not to be replaced."""
    aside = record.with_name(f"{record.name}.{secrets.token_hex(8)}")
    # 0666: what the folder's default entries, or else the umask, leave of it.
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(descriptor, "w") as written:
            json.dump({"user": _name(os.getuid()), "since": time.time()}, written)
        if replace:
            aside.replace(record)
        else:
            os.link(aside, record)  # atomic, on network file systems too
    finally:
        aside.unlink(missing_ok=True)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
