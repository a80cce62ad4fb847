# SPDX-License-Identifier: GPL-3.0-or-later
"""Words for a person to read: names of accounts and groups, paths, and ACLs as getfacl(1) writes them."""

from __future__ import annotations

import grp
import pwd
from functools import lru_cache

from wakari.permissions.acl import Acl, letters


@lru_cache(maxsize=1024)
def person(uid: int) -> str:
    """Return the account's name; the number where no account has it."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


@lru_cache(maxsize=1024)
def group(gid: int) -> str:
    """Return the group's name; the number where no group has it."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def entries(found: Acl | None, prefix: str = "") -> list[str]:
    """Return the lines of getfacl(1) for an ACL, each after the prefix; of a damaged one (None) that it is."""
    if found is None:
        return [f"{prefix}damaged"]
    lines = [f"user::{letters(found.user_obj)}"]
    lines += [f"user:{person(uid)}:{letters(perm)}" for uid, perm in sorted(found.users.items())]
    lines.append(f"group::{letters(found.group_obj)}")
    lines += [f"group:{group(gid)}:{letters(perm)}" for gid, perm in sorted(found.groups.items())]
    if found.mask is not None:
        lines.append(f"mask::{letters(found.mask)}")
    lines.append(f"other::{letters(found.other)}")
    return [prefix + line for line in lines]


def printable(path: str) -> str:
    """Return the path as text that JSON and terminals bear: bytes that are no UTF-8 and control characters escaped."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)
