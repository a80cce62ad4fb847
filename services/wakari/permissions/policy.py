# SPDX-License-Identifier: GPL-3.0-or-later
"""What each inode of a project must allow to whom (docs/permissions.md, "The rule"). Pure: no file is touched here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from wakari.permissions.acl import EXECUTE, RWX, RX, Acl

# The top-level folder of a project that is open to everybody.
PUBLIC = "public"


@dataclass(frozen=True)
class Team:
    """A project's people: the owner, members (read and write) and viewers (read), each uid with its primary group.

    `anonymous` is the uid of the account that reads a public project for everybody else; None in a private one.
    """

    owner: int
    owner_group: int
    members: Mapping[int, int] = field(default_factory=dict)
    viewers: Mapping[int, int] = field(default_factory=dict)
    anonymous: int | None = None


class Policy:
    """The wanted ACLs of a project with this team. Answers are cached: a tree has few kinds of inode."""

    def __init__(self, team: Team) -> None:
        self.team = team
        readers = [*team.viewers, *([] if team.anonymous is None else [team.anonymous])]
        self._rights = dict.fromkeys(readers, RX) | dict.fromkeys(team.members, RWX) | {team.owner: RWX}
        # A group of one's own (gid = uid) holds its person alone; another group may hold anybody.
        self._private_groups = {gid for uid, gid in team.members.items() if gid == uid}
        self._shared_groups = any(gid not in {uid, team.owner_group} for uid, gid in team.members.items())
        self.directory = lru_cache(maxsize=4096)(self._directory)
        self.default = lru_cache(maxsize=2)(self._default)
        self.file = lru_cache(maxsize=4096)(self._file)

    def _directory(self, uid: int, gid: int, public: bool) -> Acl:
        """Return the access ACL of a directory of this owner and group."""
        return self._acl(uid, gid, RWX, RX if public else EXECUTE)

    def _file(self, uid: int, gid: int, executable: bool, public: bool) -> Acl:
        """Return the access ACL of a regular file of this owner and group."""
        limit = RWX if executable else RWX & ~EXECUTE
        wanted = self._acl(uid, gid, limit, (RX if public else EXECUTE) & limit)
        if not self.team.members or uid not in self._rights:
            return wanted
        # The owner's own entry is idle here, but a member's `sed -i` or `cp -p` makes a file of the member's that has
        # this ACL: the entry then lets in whom the file belonged to. What is made anew has it by the default entries.
        return replace(wanted, users={**wanted.users, uid: self._rights[uid]})

    def _default(self, public: bool) -> Acl:
        """Return the default ACL of a directory: what the kernel gives to files made in it, by anybody of the team."""
        other = RX if public else EXECUTE
        if not self.team.members:  # nobody but the owner makes files here
            users = {uid: perm for uid, perm in self._rights.items() if uid != self.team.owner}
            return Acl(RWX, RWX, other, users, {}, RWX if users else None)
        group_obj = other if self._shared_groups else RWX
        return Acl(RWX, group_obj, other, self._rights, {self.team.owner_group: RWX}, RWX)

    def _acl(self, uid: int, gid: int, limit: int, other: int) -> Acl:
        # The mask takes `x` from a file that is not executable, not the entries: a later chmod +x sets the mask, and
        # everybody's entry is right at once.
        users = {key: perm for key, perm in self._rights.items() if key != uid}
        groups = {} if gid == self.team.owner_group else {self.team.owner_group: RWX}
        # A group that may hold anybody has what everybody has: less would shut its people out of `public`.
        group_obj = RWX if gid == self.team.owner_group or gid in self._private_groups else other
        user_obj = self._rights.get(uid, other) & limit
        if not users and not groups:
            return Acl(user_obj, group_obj & limit, other)
        return Acl(user_obj, group_obj, other, users, groups, limit)
