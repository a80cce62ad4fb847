# SPDX-License-Identifier: GPL-3.0-or-later
"""POSIX ACLs as the permissions dialog shows and sets them, with the rights the person has.

The attribute's layout is the kernel's (include/uapi/linux/posix_acl_xattr.h): a version, then tag, permission and id of
each entry. Nothing is looked up twice by a path: what is changed is a descriptor, and no link is followed.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

ACCESS = "system.posix_acl_access"
DEFAULT = "system.posix_acl_default"
_VERSION = 2
_HEAD = struct.Struct("<I")
_ENTRY = struct.Struct("<HHI")
_NO_ID = 0xFFFFFFFF
_TAGS = {0x01: "owner", 0x02: "user", 0x04: "owning group", 0x08: "group", 0x10: "mask", 0x20: "others"}
_NUMBERS = {name: number for number, name in _TAGS.items()}
_READ, _WRITE, _EXECUTE = 4, 2, 1
_MANY = 100  # entries; the kernel allows some more, a person never needs them
_EXAMPLES = 20  # refusals that are named

Entry = tuple[int, int, int]  # tag, permission, id


class AclError(Exception):
    """Why entries cannot be set; the text is for the person."""


@dataclass
class Outcome:
    """What a change did."""

    changed: int = 0
    refused: int = 0
    examples: list[str] = field(default_factory=list)

    def refuse(self, path: str, error: OSError) -> None:
        """Note a file that stays as it is."""
        self.refused += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append(f"{path}: {error.strerror}")


def describe(path: str) -> dict[str, Any]:
    """Return owner, group and entries of a file or folder; OSError where it cannot be looked at."""
    descriptor = _hold(path)
    try:
        status = os.fstat(descriptor)
        entries = _entries(descriptor, status)
    finally:
        os.close(descriptor)
    return {
        "owner": _user(status.st_uid),
        "group": _group(status.st_gid),
        "directory": stat.S_ISDIR(status.st_mode),
        "may_change": os.getuid() in (status.st_uid, 0),
        "entries": [_shown(entry) for entry in entries],
    }


def change(path: str, wanted: object, *, everything: bool) -> Outcome:
    """Set the entries of a file or folder and, where `everything`, of all inside and of what will be made there.

    Inside, execute is given to folders and to files that are executable already (as `X` of setfacl does).

    Raises:
        AclError: entries that cannot be.
        OSError: the file itself cannot be changed. Files inside that cannot be are in the outcome.
    """
    entries = parse(wanted)
    outcome = Outcome()
    descriptor = _hold(path)
    try:
        if everything and stat.S_ISDIR(os.fstat(descriptor).st_mode):
            for name, inside in _inside(descriptor, outcome):
                _set_inside(name, inside, entries, outcome)
        _set(descriptor, entries, defaults=everything)  # last: it may take away the way to what is inside
        outcome.changed += 1
    finally:
        os.close(descriptor)
    return outcome


def parse(wanted: object) -> list[Entry]:
    """Return the entries of a request, in the kernel's order, with a mask where one is needed; AclError otherwise."""
    if not isinstance(wanted, list) or len(wanted) > _MANY:
        raise AclError(f"Give a list of at most {_MANY} entries.")
    entries = [_parsed(one) for one in wanted]
    kinds = [(tag, number) for tag, _, number in entries]
    if len(set(kinds)) != len(kinds):
        raise AclError("One of them is named twice.")
    for tag in ("owner", "owning group", "others"):
        if (_NUMBERS[tag], _NO_ID) not in kinds:
            raise AclError(f"There must be an entry for {tag}.")
    named = [right for tag, right, _ in entries if _TAGS[tag] in ("user", "group", "owning group")]
    if len(named) > 1 and (_NUMBERS["mask"], _NO_ID) not in kinds:
        union = 0
        for right in named:
            union |= right
        entries.append((_NUMBERS["mask"], union, _NO_ID))
    return sorted(entries, key=lambda entry: (entry[0], entry[2]))


def _parsed(one: object) -> Entry:
    if not isinstance(one, dict) or one.get("kind") not in _NUMBERS:
        raise AclError(f"The kind of an entry is one of {', '.join(_NUMBERS)}.")
    right = 0
    for key, bit in (("read", _READ), ("write", _WRITE), ("execute", _EXECUTE)):
        right |= bit if one.get(key) is True else 0
    number, name = _NO_ID, str(one.get("name") or "").strip()
    try:
        if one["kind"] == "user":
            number = pwd.getpwnam(name).pw_uid
        elif one["kind"] == "group":
            number = grp.getgrnam(name).gr_gid
    except (KeyError, ValueError):
        number = _unnamed(one["kind"], name)
    return _NUMBERS[one["kind"]], right, number


def _unnamed(kind: str, name: str) -> int:
    """Return the id in `uid 20140` or `gid 7`, as accounts are shown that this node does not know."""
    prefix, _, number = name.partition(" ")
    if prefix == {"user": "uid", "group": "gid"}[kind] and number.isdecimal() and int(number) < _NO_ID:
        return int(number)
    raise AclError(f"This node knows no {kind} {name or 'without a name'}.")


def _shown(entry: Entry) -> dict[str, Any]:
    tag, right, number = entry
    name = {"user": _user, "group": _group}.get(_TAGS[tag], lambda _: "")(number)
    rights = {"read": bool(right & _READ), "write": bool(right & _WRITE), "execute": bool(right & _EXECUTE)}
    return {"kind": _TAGS[tag], "name": name, **rights}


def _entries(descriptor: int, status: os.stat_result) -> list[Entry]:
    try:
        packed = os.getxattr(_address(descriptor), ACCESS)
    except OSError as error:
        if error.errno not in (errno.ENODATA, errno.EOPNOTSUPP):
            raise
        mode = status.st_mode
        return [(1, mode >> 6 & 7, _NO_ID), (4, mode >> 3 & 7, _NO_ID), (0x20, mode & 7, _NO_ID)]
    return [entry for entry in _ENTRY.iter_unpack(packed[_HEAD.size :]) if entry[0] in _TAGS]


def _set(descriptor: int, entries: list[Entry], *, defaults: bool) -> None:
    packed = _HEAD.pack(_VERSION) + b"".join(_ENTRY.pack(*entry) for entry in entries)
    os.setxattr(_address(descriptor), ACCESS, packed)
    if defaults and stat.S_ISDIR(os.fstat(descriptor).st_mode):
        os.setxattr(_address(descriptor), DEFAULT, packed)


def _set_inside(name: str, descriptor: int, entries: list[Entry], outcome: Outcome) -> None:
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISDIR(mode) and not mode & 0o111:
        entries = [(tag, right & ~_EXECUTE, number) for tag, right, number in entries]
    try:
        _set(descriptor, entries, defaults=True)
        outcome.changed += 1
    except OSError as error:
        outcome.refuse(name, error)


def _inside(top: int, outcome: Outcome) -> Iterator[tuple[str, int]]:
    """Yield name and descriptor of all files and folders below a folder, the deepest first; closed afterwards."""

    def note(error: OSError) -> None:
        outcome.refuse(str(error.filename), error)

    start = os.open(_address(top), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for folder, folders, files, place in os.fwalk(".", topdown=False, dir_fd=start, onerror=note):
            for name in [*folders, *files]:
                path = os.path.normpath(f"{folder}/{name}")
                try:
                    descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place)
                except OSError as error:
                    outcome.refuse(path, error)
                    continue
                try:
                    if not stat.S_ISLNK(os.fstat(descriptor).st_mode):
                        yield path, descriptor
                finally:
                    os.close(descriptor)
    finally:
        os.close(start)


def _hold(path: str) -> int:
    descriptor = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    if stat.S_ISLNK(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise AclError("A link has no permissions of its own; look at what it leads to.")
    return descriptor


def _address(descriptor: int) -> str:
    return f"/proc/self/fd/{descriptor}"


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return f"gid {gid}"
