# SPDX-License-Identifier: GPL-3.0-or-later
"""Why somebody can, or cannot, reach a path: the kernel's algorithm (acl(5), "Access check algorithm") in words."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from wakari.permissions import acl, tree
from wakari.permissions.acl import EXECUTE, READ, RWX, WRITE, Acl
from wakari.permissions.judge import actual

_WORDS = {READ: "read", WRITE: "write", EXECUTE: "enter"}


@dataclass(frozen=True)
class Decision:
    """What a person may do with one inode (bits), and which entry said so."""

    allowed: int
    entry: str


@dataclass(frozen=True)
class Step:
    """One part of a path, with the decision on it."""

    path: Path
    decision: Decision
    is_directory: bool


def decide(found: Acl, owner: int, group: int, uid: int, gids: Collection[int]) -> Decision:
    """Return what the ACL of an inode (of this owner and group) allows a person with this uid and these groups."""
    mask = RWX if found.mask is None else found.mask
    if uid == owner:
        return Decision(found.user_obj, "owner of the file")
    if (found.group_obj if found.mask is None else found.mask) == 0:
        # Linux looks at the list only where the mode's group bits (the mask) grant something: fs/namei.c,
        # acl_permission_check. Those named then count as everybody else, and only the file's own group is shut out.
        if group in gids:
            return Decision(0, "in the group of the file, whose mask is empty")
        return Decision(found.other, "not the owner, and the mask is empty")
    if uid in found.users:
        return Decision(found.users[uid] & mask, "named in the access list")
    matching = [found.group_obj] if group in gids else []
    matching += [perm for gid, perm in found.groups.items() if gid in gids]
    if matching:
        # Asked for one by one: each right is there when one of the entries grants it.
        allowed = 0
        for perm in matching:
            allowed |= perm & mask
        return Decision(allowed, "in a group of the file")
    return Decision(found.other, "neither owner, nor named, nor in a group of the file")


def walk(path: Path, uid: int, gids: Collection[int]) -> list[Step]:
    """Return the decision on each part of an absolute path, from the root down to the first that does not let through.

    Raises:
        OSError: a part does not exist, or is a symbolic link.
    """
    steps: list[Step] = []
    here = tree.open_directory("/")
    try:
        for number, name in enumerate(path.parts[1:], 2):
            descriptor = tree.pin(name, here)
            os.close(here)
            here = descriptor
            status = os.fstat(here)
            raw = tree.read_attribute(tree.by_descriptor(here), acl.ACCESS)
            found = actual(raw, stat.S_IMODE(status.st_mode)) or acl.from_mode(0)
            decision = decide(found, status.st_uid, status.st_gid, uid, gids)
            steps.append(Step(Path(*path.parts[:number]), decision, stat.S_ISDIR(status.st_mode)))
            if number < len(path.parts) and not decision.allowed & EXECUTE:
                break
    finally:
        os.close(here)
    return steps


def sentences(name: str, path: Path, steps: list[Step]) -> list[str]:
    """Return the answer in words: one line for each part, then the conclusion."""
    said = [f"{step.path}: {_rights(step)} ({step.decision.entry})" for step in steps]
    last = steps[-1]
    if last.path != path:
        said.append(f"{name} cannot reach {path}: {last.path} does not let {name} through.")
    else:
        said.append(f"{name} may {_rights(last)} {path}.")
    return said


def _rights(step: Step) -> str:
    words = [word for bit, word in _WORDS.items() if step.decision.allowed & bit]
    if not step.is_directory:
        words = ["execute" if word == "enter" else word for word in words]
    return ", ".join(words) or "do nothing with"
