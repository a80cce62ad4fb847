# SPDX-License-Identifier: GPL-3.0-or-later
"""What a walk over a project found and did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

EXAMPLES = 20  # problems told one by one; all are counted

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
    """One inode that was wrong: its path in the project, its owner's uid, what it allowed and what it should."""

    path: str
    uid: int
    found: str
    wanted: str


@dataclass
class Report:
    """Counts of inodes; `wrong` are those that differed from the rule, `changed` those that were put right."""

    checked: int = 0
    wrong: int = 0
    changed: int = 0
    skipped: Counter[Reason] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)

    def count_wrong(self) -> bool:
        """Count a wrong inode; return whether it is still wanted as an example."""
        self.wrong += 1
        return len(self.problems) < EXAMPLES

    def merge(self, other: Report) -> None:
        """Add what another walk over the same project found."""
        self.checked += other.checked
        self.wrong += other.wrong
        self.changed += other.changed
        self.skipped.update(other.skipped)
        self.problems = [*self.problems, *other.problems][:EXAMPLES]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-able values."""
        return {
            "checked": self.checked,
            "wrong": self.wrong,
            "changed": self.changed,
            "skipped": dict(self.skipped),
            "problems": [vars(problem) | {"path": printable(problem.path)} for problem in self.problems],
        }


def printable(path: str) -> str:
    """Return the path as text that JSON and terminals bear: bytes that are no UTF-8 and control characters escaped."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)
