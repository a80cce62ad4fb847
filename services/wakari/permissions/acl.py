# SPDX-License-Identifier: GPL-3.0-or-later
"""POSIX ACLs as the kernel stores them in extended attributes (acl(5), linux/posix_acl_xattr.h)."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

ACCESS = "system.posix_acl_access"
DEFAULT = "system.posix_acl_default"

READ, WRITE, EXECUTE = 4, 2, 1
RWX, RX, RW = 7, 5, 6

# linux/posix_acl_xattr.h: a header {__le32 version}, then entries {__le16 tag, __le16 perm, __le32 id}.
_VERSION = 2
_HEADER = struct.Struct("<I")
_ENTRY = struct.Struct("<HHI")
_USER_OBJ, _USER, _GROUP_OBJ, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_NO_ID = 0xFFFFFFFF


@dataclass(frozen=True)
class Acl:
    """One ACL: permission bits (0-7) of the file's owner, its group and others, and of named users and groups by id."""

    user_obj: int
    group_obj: int
    other: int
    users: Mapping[int, int] = field(default_factory=dict)
    groups: Mapping[int, int] = field(default_factory=dict)
    mask: int | None = None

    def encode(self) -> bytes:
        """Return the value of the extended attribute; entries in the order the kernel demands (acl_valid(3))."""
        entries = [(_USER_OBJ, self.user_obj, _NO_ID)]
        entries += [(_USER, perm, uid) for uid, perm in sorted(self.users.items())]
        entries.append((_GROUP_OBJ, self.group_obj, _NO_ID))
        entries += [(_GROUP, perm, gid) for gid, perm in sorted(self.groups.items())]
        if self.mask is not None:
            entries.append((_MASK, self.mask, _NO_ID))
        entries.append((_OTHER, self.other, _NO_ID))
        return _HEADER.pack(_VERSION) + b"".join(_ENTRY.pack(*entry) for entry in entries)

    def grants(self, uid: int | None = None, gid: int | None = None) -> Acl:
        """Return the ACL as it works on an inode of this owner and group: mask applied, idle entries left out.

        Two ACLs of an inode with equal `grants` allow the same to everybody (acl(5), "Access check algorithm"): the
        owner's named entry is never looked at, and of two entries for one group the wider one decides.
        """
        mask = RWX if self.mask is None else self.mask
        users = {key: perm & mask for key, perm in self.users.items() if key != uid}
        groups = {key: perm & mask for key, perm in self.groups.items()}
        group_obj = self.group_obj & mask
        same = groups.get(gid) if gid is not None else None
        if gid is not None and same is not None and (same | group_obj) in {same, group_obj}:
            group_obj |= same
            del groups[gid]
        return Acl(self.user_obj, group_obj, self.other, users, groups)

    def __str__(self) -> str:
        """Return the short text form of acl(5), ids as numbers."""
        parts = [f"u::{letters(self.user_obj)}"]
        parts += [f"u:{uid}:{letters(perm)}" for uid, perm in sorted(self.users.items())]
        parts.append(f"g::{letters(self.group_obj)}")
        parts += [f"g:{gid}:{letters(perm)}" for gid, perm in sorted(self.groups.items())]
        if self.mask is not None:
            parts.append(f"m::{letters(self.mask)}")
        parts.append(f"o::{letters(self.other)}")
        return ",".join(parts)


def from_mode(mode: int) -> Acl:
    """Return the ACL of a file that has none but its mode bits."""
    return Acl(mode >> 6 & 7, mode >> 3 & 7, mode & 7)


def decode(value: bytes) -> Acl:
    """Return the ACL in the value of an extended attribute; ValueError for what the kernel would not have written."""
    if len(value) < _HEADER.size or (len(value) - _HEADER.size) % _ENTRY.size:
        raise ValueError(f"not an ACL: {len(value)} bytes")
    if _HEADER.unpack_from(value)[0] != _VERSION:
        raise ValueError("an ACL of another version than 2")
    single: dict[int, int] = {}
    users: dict[int, int] = {}
    groups: dict[int, int] = {}
    for tag, perm, number in _ENTRY.iter_unpack(value[_HEADER.size :]):
        if tag == _USER:
            users[number] = perm
        elif tag == _GROUP:
            groups[number] = perm
        else:
            single[tag] = perm
    try:
        return Acl(single[_USER_OBJ], single[_GROUP_OBJ], single[_OTHER], users, groups, single.get(_MASK))
    except KeyError as error:
        raise ValueError("an ACL without owner, group or others") from error


def letters(perm: int) -> str:
    """Return permission bits (0-7) as `rwx`, with `-` for each that is off."""
    return "".join(letter if perm & bit else "-" for letter, bit in (("r", READ), ("w", WRITE), ("x", EXECUTE)))
