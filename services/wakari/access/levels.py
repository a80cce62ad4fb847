# SPDX-License-Identifier: GPL-3.0-or-later
"""Ordered levels on a project and ordered roles on the site (docs/architecture.md, "One access model")."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Protocol


class Level(IntEnum):
    """What a person may do with one project; each level includes those below it."""

    NONE = 0
    READ = 1
    WRITE = 2
    ADMIN = 3

    @property
    def label(self) -> str:
        """Return the name that travels between tiers: none, read, write or admin."""
        return self.name.lower()


class SiteRole(IntEnum):
    """What a person is on the whole site; each role includes those below it."""

    ANONYMOUS = 0
    USER = 1
    STAFF = 2
    SUPERUSER = 3


# A team role gives a level. The owner is not a member of the team list: see questions.level.
LEVEL_OF_ROLE: Mapping[str, Level] = MappingProxyType(
    {"viewer": Level.READ, "member": Level.WRITE, "owner": Level.ADMIN}
)


@dataclass(frozen=True)
class Caller:
    """Who asks: a signed-in person, or nobody (empty name).

    `reads_public`: nobody, on a site whose public projects may be read without signing in.
    """

    name: str = ""
    site: SiteRole = SiteRole.ANONYMOUS
    groups: frozenset[str] = frozenset()
    reads_public: bool = False

    @classmethod
    def of(cls, name: str, roles: Iterable[str], groups: Iterable[str] = ()) -> Caller:
        """Return the caller for an account with these site roles, in these groups of users."""
        held = set(roles)
        if "superuser" in held:
            return cls(name, SiteRole.SUPERUSER, frozenset(groups))
        return cls(name, SiteRole.STAFF if "staff" in held else SiteRole.USER, frozenset(groups))


class TeamEntry(Protocol):
    """One person in a project's team, as access reads it."""

    @property
    def user(self) -> str:
        """The person."""

    @property
    def role(self) -> str:
        """Their role: viewer or member."""


class GroupEntry(Protocol):
    """One group in a project's team, as access reads it."""

    @property
    def group(self) -> str:
        """The group."""

    @property
    def role(self) -> str:
        """The role of everybody in it: viewer or member."""


class Shared(Protocol):
    """A project, as access reads it."""

    @property
    def owner(self) -> str:
        """The owner's name."""

    @property
    def public(self) -> bool:
        """Whether everybody signed in may read it, and visitors where the site lets them."""

    @property
    def members(self) -> Iterable[TeamEntry]:
        """The people of the team without the owner."""

    @property
    def groups(self) -> Iterable[GroupEntry]:
        """The groups of the team."""
