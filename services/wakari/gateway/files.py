# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that `wk-gateway-configure` lays down: whole or not at all; root writes, the service account reads."""

from __future__ import annotations

import contextlib
import grp
import json
import os
import pwd
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from wakari.core import tokens
from wakari.gateway.settings import Registration

MODE = 0o640


@dataclass(frozen=True)
class Owner:
    """Who owns a file: numeric ids; None leaves them as the process has them (it is not root)."""

    uid: int | None
    gid: int | None


def owner_for(account: str) -> Owner:
    """Return root and the account's own group; nobody in particular where this process is not root.

    Raises:
        LookupError: there is no such account.
    """
    if os.geteuid() != 0:
        return Owner(None, None)
    try:
        gid = pwd.getpwnam(account).pw_gid
    except KeyError:
        raise LookupError(f"there is no account {account!r} on this machine; give --account") from None
    return Owner(0, grp.getgrgid(gid).gr_gid)


def is_as_wanted(path: Path, text: str, owner: Owner) -> bool:
    """Return true where the file holds the text and has mode and owner already."""
    try:
        facts = path.stat()
        same = path.read_text(encoding="utf-8") == text
    except OSError:
        return False
    owned = owner.uid is None or (facts.st_uid, facts.st_gid) == (owner.uid, owner.gid)
    return same and owned and stat.S_IMODE(facts.st_mode) == MODE


def write(path: Path, text: str, owner: Owner) -> None:
    """Replace the file in one step: a reader sees the old or the new one. Raises OSError."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), MODE)
            if owner.uid is not None and owner.gid is not None:
                os.fchown(file.fileno(), owner.uid, owner.gid)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def text_of(registration: Registration) -> str:
    """Return the registration as it stands in `wk-gateway-config.json`."""
    return json.dumps(registration.model_dump(mode="json"), indent=2, sort_keys=True) + "\n"


def rotated_cookie_keys(path: Path) -> str:
    """Return a new key, which signs from now on, and the one that signed before, so that nobody is signed out."""
    return tokens.new_key() + "\n" + cookie_keys_text(path).split("\n", 1)[0] + "\n"


def cookie_keys_text(path: Path) -> str:
    """Return the content of the cookie keys file: what it holds, or one new key where there is no file."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return tokens.new_key() + "\n"
