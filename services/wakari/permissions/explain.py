# SPDX-License-Identifier: GPL-3.0-or-later
"""Why somebody can, or cannot, reach a path: the kernel's algorithm (acl(5), "Access check algorithm") in words."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from wakari.core.errors import BadInputError
from wakari.permissions import acl, naming, tree
from wakari.permissions.acl import EXECUTE, READ, RWX, WRITE, Acl
from wakari.permissions.judge import actual
from wakari.permissions.naming import printable

_WORDS = {READ: "read", WRITE: "write", EXECUTE: "enter"}


@dataclass(frozen=True)
class Person:
    """Who asks: an account of this node with all its groups."""

    name: str
    uid: int
    gids: tuple[int, ...]


@dataclass(frozen=True)
class Decision:
    """What a person may do with one inode (bits), which entry said so, and through which groups (gids) it did."""

    allowed: int
    entry: str
    groups: tuple[int, ...] = ()


@dataclass(frozen=True)
class Step:
    """One part of a path, with the decision on it and what the inode is."""

    path: Path
    decision: Decision
    status: os.stat_result

    @property
    def is_directory(self) -> bool:
        """Return whether it is a folder."""
        return stat.S_ISDIR(self.status.st_mode)


def decide(found: Acl, owner: int, group: int, uid: int, gids: Collection[int]) -> Decision:
    """Return what the ACL of an inode (of this owner and group) allows a person with this uid and these groups."""
    mask = RWX if found.mask is None else found.mask
    if uid == owner:
        return Decision(found.user_obj, "owner of the file")
    if (found.group_obj if found.mask is None else found.mask) == 0:
        # Linux looks at the list only where the mode's group bits (the mask) grant something: fs/namei.c,
        # acl_permission_check. Those named then count as everybody else, and only the file's own group is shut out.
        if group in gids:
            return Decision(0, "in the group of the file, whose mask is empty", (group,))
        return Decision(found.other, "not the owner, and the mask is empty")
    if uid in found.users:
        return Decision(found.users[uid] & mask, "named in the access list")
    matching = [(group, found.group_obj)] if group in gids else []
    matching += [(gid, perm) for gid, perm in found.groups.items() if gid in gids]
    if matching:
        # Asked for one by one: each right is there when one of the entries grants it.
        allowed = 0
        for _, perm in matching:
            allowed |= perm & mask
        return Decision(allowed, "in a group of the file", tuple(dict.fromkeys(gid for gid, _ in matching)))
    return Decision(found.other, "neither owner, nor named, nor in a group of the file")


def walk(path: Path, uid: int, gids: Collection[int]) -> list[Step]:
    """Return the decision on each part of an absolute path, from the root down to the first that does not let through.

    The root itself is among them only where it is the whole path.

    Raises:
        BadInputError: `path_invalid`: a part does not exist, or is a symbolic link.
    """
    steps: list[Step] = []
    here = tree.open_directory("/")
    try:
        for number, name in enumerate(path.parts[1:], 2):
            part = Path(*path.parts[:number])
            here = _below(here, name, part)
            steps.append(_step(part, here, uid, gids))
            if number < len(path.parts) and not steps[-1].decision.allowed & EXECUTE:
                break
        return steps or [_step(path, here, uid, gids)]
    finally:
        os.close(here)


def _below(here: int, name: str, part: Path) -> int:
    """Return a descriptor of the name, and close the folder's. BadInputError likewise; the folder's stays open then."""
    try:
        descriptor = tree.pin(name, here)
    except OSError as error:
        raise BadInputError(
            "path_invalid",
            f"{printable(str(part))}: {error.strerror}.",
            hint="Check the spelling; a shell of root's lists what is there.",
        ) from error
    if stat.S_ISLNK(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BadInputError(
            "path_invalid",
            f"{printable(str(part))} is a symbolic link, which has no permissions of its own.",
            hint="Ask about the path that it leads to; ls -l shows it.",
        )
    os.close(here)
    return descriptor


def _step(part: Path, descriptor: int, uid: int, gids: Collection[int]) -> Step:
    status = os.fstat(descriptor)
    try:
        raw = tree.read_attribute(tree.by_descriptor(descriptor), acl.ACCESS)
    except OSError as error:
        if error.errno != errno.EOPNOTSUPP:
            raise
        raw = None  # a file system without ACLs (/proc): its mode bits are all there is
    found = actual(raw, stat.S_IMODE(status.st_mode)) or acl.from_mode(0)
    return Step(part, decide(found, status.st_uid, status.st_gid, uid, gids), status)


def sentences(person: Person, path: Path, steps: list[Step]) -> list[str]:
    """Return the answer in words: the groups, one line for each part, then the conclusion."""
    said = [f"{person.name}: in the groups {', '.join(naming.group(gid) for gid in sorted(set(person.gids)))}"]
    if person.uid == 0:
        return [*said, f"root may read, write {printable(str(path))}: no permission bit stops it."]
    said += [f"{printable(str(step.path))}: {rights(step)} ({_why(step.decision)})" for step in steps]
    last = steps[-1]
    if last.path != path:
        shut = f"{printable(str(last.path))} does not let {person.name} through."
        said.append(f"{person.name} cannot reach {printable(str(path))}: {shut}")
    else:
        said.append(f"{person.name} may {rights(last)} {printable(str(path))}.")
    return said


def rights(step: Step) -> str:
    """Return what the decision allows, in words."""
    words = [word for bit, word in _WORDS.items() if step.decision.allowed & bit]
    if not step.is_directory:
        words = ["execute" if word == "enter" else word for word in words]
    return ", ".join(words) or "do nothing with"


def _why(decision: Decision) -> str:
    groups = ", ".join(naming.group(gid) for gid in decision.groups)
    return f"{decision.entry}: {groups}" if groups else decision.entry
