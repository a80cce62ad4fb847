# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is in a team in the end: by name, and by the groups that are in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from wakari.access import LEVEL_OF_ROLE
from wakari.core.errors import BadInputError
from wakari.store import Store
from wakari.store.base import Transaction
from wakari.store.records import Project, Role, TeamGroup, TeamMember

ROLES: tuple[Role, ...] = ("member", "viewer")
MAX_MEMBERS = 200  # an ACL holds a few hundred entries: acl(5), one block of extended attributes


def resolved(store: Store, project: Project, tx: Transaction = None) -> dict[str, Role]:
    """Return everybody in the team but the owner with their role, the higher one where they have several.

    People whose account is closed are in it as long as the project names them.
    """
    team: dict[str, Role] = {entry.user: entry.role for entry in project.members}
    for user, role in _by_group(store, project.groups, tx):
        if user != project.owner:
            team[user] = max(team.get(user, role), role, key=LEVEL_OF_ROLE.__getitem__)
    return team


def check_size(count: int) -> None:
    """Return when a team may have this many people; raise BadInputError `team_full` otherwise."""
    if count > MAX_MEMBERS:
        raise BadInputError(
            "team_full",
            f"A team has {MAX_MEMBERS} people at most, those in its groups included.",
            hint="Remove somebody, or a group, first.",
        )


def check_role(role: str) -> Role:
    """Return the role; raise BadInputError `role_invalid` for one that is not given in teams."""
    checked = next((known for known in ROLES if known == role), None)
    if checked is None or checked not in LEVEL_OF_ROLE:
        raise BadInputError("role_invalid", "There is no such role in a team.", hint="Use member or viewer.")
    return checked


def check_members(store: Store, owner: str, wanted: Mapping[str, str]) -> tuple[TeamMember, ...]:
    """Return the people of a team from names and roles.

    Raises:
        BadInputError: `role_invalid`, `user_unknown`, `owner_is_no_member`, `team_full`.
    """
    if owner in wanted:
        raise BadInputError("owner_is_no_member", "The owner has every right already.", hint="Name another person.")
    check_size(len(wanted))
    known = store.users.named(wanted) if wanted else {}
    for name in wanted:
        if name not in known:
            raise BadInputError(
                "user_unknown", f"There is no user {ascii(name)[:60]}.", hint="Check the spelling of the name."
            )
    return tuple(TeamMember(user=name, role=check_role(role)) for name, role in wanted.items())


def check_groups(store: Store, wanted: Mapping[str, str], tx: Transaction) -> tuple[TeamGroup, ...]:
    """Return the groups of a team from names and roles, each held until the transaction ends.

    Raises:
        BadInputError: `role_invalid`, `group_unknown`.
    """
    for name in wanted:
        if store.groups.use(name, tx) is None:
            raise BadInputError(
                "group_unknown", f"There is no group {ascii(name)[:70]}.", hint="GET /api/v1/groups lists them."
            )
    return tuple(TeamGroup(group=name, role=check_role(role)) for name, role in wanted.items())


def _by_group(store: Store, groups: Sequence[TeamGroup], tx: Transaction) -> Iterable[tuple[str, Role]]:
    if not groups:
        return
    for user in store.users.in_groups([entry.group for entry in groups], tx):
        for entry in groups:
            if entry.group in user.groups:
                yield user.name, entry.role
