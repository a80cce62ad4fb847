# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may read an inode, by the disk's own word (acl(5), "Access check algorithm"): search shows nobody more."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from wakari.core.messages import FIRST_UID, LAST_UID
from wakari.permissions import acl
from wakari.permissions.acl import EXECUTE, READ, RWX, Acl


@dataclass(frozen=True)
class Readers:
    """`people`: uids that are let in or kept out by name; `others`: whether everybody else is let in."""

    others: bool
    people: Mapping[int, bool] = field(default_factory=dict)

    def include(self, uid: int) -> bool:
        """Return whether this account may read."""
        return self.people.get(uid, self.others)

    def within(self, outer: Readers) -> Readers:
        """Return those who may read and are let through the folders around."""
        uids = {*self.people, *outer.people}
        both = {uid: self.include(uid) and outer.include(uid) for uid in sorted(uids)}
        return Readers(self.others and outer.others, both)

    def encode(self) -> str:
        """Return the readers as a line of JSON, the same for the same readers."""
        return json.dumps([self.others, sorted((uid, ok) for uid, ok in self.people.items())])


EVERYBODY = Readers(others=True)
NOBODY = Readers(others=False)


def decode(text: str) -> Readers:
    """Return the readers of a line that `encode` wrote."""
    others, people = json.loads(text)
    return Readers(others, {int(uid): bool(ok) for uid, ok in people})


def of_file(descriptor: int, status: os.stat_result) -> Readers:
    """Return who may read the open file."""
    return _readers(_attribute(descriptor), status.st_mode & 0o777, status.st_uid, status.st_gid, READ)


def of_directory(descriptor: int, status: os.stat_result) -> Readers:
    """Return who may pass through the open directory."""
    return _readers(_attribute(descriptor), status.st_mode & 0o777, status.st_uid, status.st_gid, EXECUTE)


def _attribute(descriptor: int) -> bytes | None:
    try:
        return os.getxattr(descriptor, acl.ACCESS)
    except OSError:
        return None  # none, or a file system without ACLs: the mode bits decide


@lru_cache(maxsize=8192)
def _readers(raw: bytes | None, mode: int, uid: int, gid: int, bit: int) -> Readers:
    try:
        found = acl.from_mode(mode) if raw is None else acl.decode(raw)
    except ValueError:
        return NOBODY
    return _evaluated(found, uid, gid, bit)


def _evaluated(found: Acl, uid: int, gid: int, bit: int) -> Readers:
    mask = RWX if found.mask is None else found.mask
    people: dict[int, bool] = {}
    others = bool(found.other & bit)
    for group, perm in [(gid, found.group_obj), *found.groups.items()]:
        allowed = bool(perm & mask & bit)
        if FIRST_UID <= group <= LAST_UID:
            # A group of one's own holds its person alone (docs/protocols.md: gid = uid); any entry that allows will do.
            people[group] = people.get(group, False) or allowed
        else:
            others = others and allowed  # it may hold anybody: who is in it must not get what "others" have
    people |= {user: bool(perm & mask & bit) for user, perm in found.users.items()}
    people[uid] = bool(found.user_obj & bit)
    return Readers(others, people)
