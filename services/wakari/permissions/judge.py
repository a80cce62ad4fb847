# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an inode allows what it should. Few kinds of inode make a tree, so each answer is computed once."""

from __future__ import annotations

import stat
from functools import lru_cache

from wakari.permissions import acl
from wakari.permissions.acl import Acl
from wakari.permissions.policy import Policy

_KINDS = 8192


class Judge:
    """Compares what the kernel says of an inode (raw attribute and mode) with what the policy wants."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.file_is_right = lru_cache(maxsize=_KINDS)(self._file_is_right)
        self.mode_is_wrong = lru_cache(maxsize=_KINDS)(self._mode_is_wrong)
        self.directory_is_right = lru_cache(maxsize=_KINDS)(self._directory_is_right)
        self.default_is_right = lru_cache(maxsize=_KINDS)(self._default_is_right)
        self.file_attribute = lru_cache(maxsize=_KINDS)(self._file_attribute)

    def wanted_file(self, mode: int, uid: int, gid: int, *, public: bool) -> Acl:
        """Return the ACL of a regular file: executable where its owner may execute it now."""
        return self._policy.file(uid, gid, bool(mode & stat.S_IXUSR), public)

    def wanted_directory(self, uid: int, gid: int, *, public: bool) -> Acl:
        """Return the access ACL of a directory."""
        return self._policy.directory(uid, gid, public)

    def wanted_default(self, *, public: bool) -> Acl:
        """Return the default ACL of a directory."""
        return self._policy.default(public)

    def _file_attribute(self, executable: bool, uid: int, gid: int, public: bool) -> bytes:
        return self._policy.file(uid, gid, executable, public).encode()

    def _file_is_right(self, raw: bytes | None, mode: int, uid: int, gid: int, public: bool) -> bool:
        found = actual(raw, mode)
        wanted = self.wanted_file(mode, uid, gid, public=public)
        return found is not None and found.grants(uid, gid) == wanted.grants(uid, gid)

    def _mode_is_wrong(self, mode: int, uid: int, gid: int, public: bool) -> bool:
        """Return whether no attribute can make a file of this mode right, so that none need be read.

        With an ACL or without, a mode's first and last bits are the owner's and the others'; its middle bits are the
        mask, or the group's, so that nobody else has more. A new file of umask 022 or 077 is always told by them.
        """
        wanted = self.wanted_file(mode, uid, gid, public=public).grants(uid, gid)
        most = wanted.group_obj
        for perm in (*wanted.users.values(), *wanted.groups.values()):
            most |= perm
        return wanted.user_obj != mode >> 6 & 7 or wanted.other != mode & 7 or bool(most & ~(mode >> 3 & 7))

    def _directory_is_right(self, raw: bytes | None, mode: int, uid: int, gid: int, public: bool) -> bool:
        found = actual(raw, mode)
        wanted = self.wanted_directory(uid, gid, public=public)
        return found is not None and found.grants(uid, gid) == wanted.grants(uid, gid)

    def _default_is_right(self, raw: bytes | None, public: bool) -> bool:
        if raw is None:
            return False
        found = actual(raw, 0)
        return found is not None and found.grants() == self.wanted_default(public=public).grants()


def actual(raw: bytes | None, mode: int) -> Acl | None:
    """Return the ACL in force: the attribute's, or the mode bits where there is none; None for a damaged attribute."""
    if raw is None:
        return acl.from_mode(mode)
    try:
        return acl.decode(raw)
    except ValueError:
        return None
