# SPDX-License-Identifier: GPL-3.0-or-later
"""What a walk over a project found and did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from wakari.permissions import naming
from wakari.permissions.acl import Acl
from wakari.permissions.naming import printable

EXAMPLES = 20  # problems told one by one where nobody asks for more or less; all are counted
_OWNERS = 50  # owners of wrong inodes that are named: a team's size; the rest are counted as one

Reason = Literal[
    "symlink",  # has no permissions of its own
    "special",  # socket, FIFO, device: made anew by its program
    "spared_owner",  # belongs to root or the service account
    "linked_elsewhere",  # a file with a hard link that was not found in this project
    "other_mount",  # a mount point: another file system's business
    "vanished",  # gone, or replaced, between two looks; with several links: changed since the walk began
    "too_deep",  # deeper than this process may hold folders open
    "refused",  # the kernel said no (an immutable file)
]


@dataclass(frozen=True)
class Problem:
    """One inode that was wrong: its path in the project, its owner and group, what it allowed and what it should.

    A folder has default entries too: `defaults_found` is None where it had none, or they were damaged.
    """

    path: str
    uid: int
    gid: int
    found: Acl | None
    wanted: Acl
    defaults_found: Acl | None = None
    defaults_wanted: Acl | None = None

    @property
    def before(self) -> list[str]:
        """Return the entries that were found, as getfacl(1) writes them, without idle ones."""
        defaults = [] if self.defaults_found is None else naming.entries(self.defaults_found, "default:")
        return naming.entries(self._busy(self.found)) + defaults

    @property
    def after(self) -> list[str]:
        """Return the entries that are wanted."""
        defaults = [] if self.defaults_wanted is None else naming.entries(self.defaults_wanted, "default:")
        return naming.entries(self._busy(self.wanted)) + defaults

    def _busy(self, one: Acl | None) -> Acl | None:
        """Return the ACL without the entry of the inode's own owner, and that of its group where it says the same."""
        if one is None:
            return None
        users = {uid: perm for uid, perm in one.users.items() if uid != self.uid}
        groups = {gid: perm for gid, perm in one.groups.items() if (gid, perm) != (self.gid, one.group_obj)}
        return replace(one, users=users, groups=groups)

    def as_dict(self, *, diff: bool) -> dict[str, Any]:
        """Return the problem as JSON-able values; with `diff` all entries before and after."""
        same = self.found is not None and self.found == self.wanted
        found, wanted = (self.defaults_found, self.defaults_wanted) if same else (self.found, self.wanted)
        kind = "default " if same else ""
        told = {
            "path": printable(self.path),
            "uid": self.uid,
            "owner": naming.person(self.uid),
            "found": kind + (str(found) if found else "none"),
            "wanted": kind + str(wanted),
        }
        return told | ({"before": self.before, "after": self.after} if diff else {})


@dataclass
class Report:
    """Counts of inodes; `wrong` are those that differed from the rule, `changed` those that were put right.

    `owners` counts the wrong ones by the uid of their owner; of at most `examples` of them there is a `Problem`.
    """

    checked: int = 0
    wrong: int = 0
    changed: int = 0
    skipped: Counter[Reason] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    owners: Counter[int] = field(default_factory=Counter)
    examples: int = EXAMPLES

    def count_wrong(self, uid: int) -> bool:
        """Count a wrong inode of this owner; return whether it is still wanted as an example."""
        self.wrong += 1
        self.owners[uid] += 1
        return len(self.problems) < self.examples

    def merge(self, other: Report) -> None:
        """Add what another walk over the same project found."""
        self.checked += other.checked
        self.wrong += other.wrong
        self.changed += other.changed
        self.skipped.update(other.skipped)
        self.owners.update(other.owners)
        self.problems = [*self.problems, *other.problems][: self.examples]

    def as_dict(self, *, diff: bool = False) -> dict[str, Any]:
        """Return the report as JSON-able values; with `diff` each problem has its entries before and after."""
        owners = {naming.person(uid): number for uid, number in self.owners.most_common(_OWNERS)}
        if self.wrong > sum(owners.values()):
            owners["others"] = self.wrong - sum(owners.values())
        return {
            "checked": self.checked,
            "wrong": self.wrong,
            "changed": self.changed,
            "skipped": dict(self.skipped),
            "owners": owners,
            "problems": [problem.as_dict(diff=diff) for problem in self.problems],
        }
