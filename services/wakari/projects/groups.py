# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups of users: who changes one changes the team of every project the group is in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wakari.core import names
from wakari.core.errors import AppError, BadInputError
from wakari.projects.create import check_summary
from wakari.projects.lifecycle import queue_permissions
from wakari.projects.members import check_size, resolved
from wakari.store import Conflict, Store
from wakari.store.base import Transaction
from wakari.store.records import Group, Project

MAX_NAMED = 1000  # people named in one call; a bound on what one request makes us look up


@dataclass(frozen=True)
class Groups:
    """The groups. Who may change them is decided by the caller (wakari.access)."""

    store: Store

    def get(self, name: str) -> Group:
        """Return the group; raise AppError `group_not_found` (404) where there is none."""
        found = self.store.groups.get(name)
        if found is None:
            raise group_unknown(name)
        return found

    def people(self, name: str) -> list[str]:
        """Return the names of those in the group, in order."""
        return sorted(user.name for user in self.store.users.in_groups([name]))

    def add(self, name: object, summary: str, members: Iterable[str], *, actor: str, address: str = "") -> Group:
        """Return the new group.

        Raises:
            BadInputError: a field breaks a rule, or somebody named is unknown; then nothing was made.
            AppError: `group_exists` (409).
        """
        checked = names.group_name(name)
        people = self._known(members)
        try:
            group = self.store.groups.add(checked, check_summary(summary))
        except Conflict:
            raise AppError(
                "group_exists", f"There is a group {checked!r} already.", hint="Choose another name.", status=409
            ) from None
        self.store.audit.add("group.create", actor, group.name, address)
        for person in people:
            self.join(group.name, person, actor=actor, address=address)
        return group

    def update(self, name: str, summary: str, *, actor: str, address: str = "") -> None:
        """Change what the group says of itself."""
        if self.get(name).summary != summary:
            self.store.groups.update(name, {"summary": check_summary(summary)})
            self.store.audit.add("group.update", actor, name, address, summary=summary)

    def set_people(self, name: str, members: Iterable[str], *, actor: str, address: str = "") -> None:
        """Make these people, and nobody else, the members. Those who leave do so first."""
        wanted = set(self._known(members))
        present = set(self.people(name))
        for person in sorted(present - wanted):
            self.leave(name, person, actor=actor, address=address)
        for person in sorted(wanted - present):
            self.join(name, person, actor=actor, address=address)

    def join(self, name: str, user: str, *, actor: str, address: str = "") -> bool:
        """Put a person into the group; return whether they were not in it.

        Raises:
            AppError: `group_not_found` (404).
            BadInputError: `user_unknown`; `team_full` where a project of the group would have too many people.
        """
        if user in self.people(name):
            return False

        def join(tx: Transaction) -> None:
            if self.store.groups.use(name, tx) is None:
                raise group_unknown(name)
            if self.store.users.join(user, name, tx) is None:
                raise _user_unknown(user)
            for project in self.store.projects.shared_with(name, tx):
                check_size(len(resolved(self.store, project, tx)))
                queue_permissions(self.store, project, actor, tx)

        self.store.transaction(join)
        self.store.audit.add("group.join", actor, name, address, user=user)
        return True

    def leave(self, name: str, user: str, *, actor: str, address: str = "") -> bool:
        """Take a person out of the group; return whether they were in it."""
        self.get(name)
        if user not in self.people(name):
            return False

        def leave(tx: Transaction) -> None:
            self.store.users.leave(user, name, tx)
            for project in self.store.projects.shared_with(name, tx):
                queue_permissions(self.store, project, actor, tx)

        self.store.transaction(leave)
        self.store.audit.add("group.leave", actor, name, address, user=user)
        return True

    def remove(self, name: str, *, actor: str, address: str = "") -> None:
        """Remove the group from all teams, then the group. What is interrupted is finished by calling it again."""
        self.get(name)
        for project in self.store.projects.shared_with(name):
            self._withdraw(project, name, actor)
        for person in self.people(name):
            self.leave(name, person, actor=actor, address=address)

        def remove(tx: Transaction) -> Group | None:
            if self.store.projects.shared_with(name, tx, limit=1) or self.store.users.in_groups([name], tx):
                raise AppError("group_busy", f"Somebody uses the group {name} just now.", hint="Try again.", status=409)
            return self.store.groups.remove(name, tx)

        if self.store.transaction(remove) is None:
            raise group_unknown(name)
        self.store.audit.add("group.remove", actor, name, address)

    def _withdraw(self, project: Project, name: str, actor: str) -> None:
        def withdraw(tx: Transaction) -> None:
            current = self.store.projects.by_id(project.id, tx)
            if current is None:
                return
            left = [entry for entry in current.groups if entry.group != name]
            changed = self.store.projects.set_team(project.id, None, left, tx)
            if changed is not None:
                queue_permissions(self.store, changed, actor, tx)

        self.store.transaction(withdraw)
        self.store.audit.add("project.team.remove", actor, project.path, group=name)

    def _known(self, members: Iterable[str]) -> list[str]:
        wanted = list(dict.fromkeys(members))
        if len(wanted) > MAX_NAMED:
            raise BadInputError(
                "too_many_members", f"One call names {MAX_NAMED} people at most.", hint="Add the others one by one."
            )
        known = self.store.users.named(wanted)
        for name in wanted:
            if name not in known:
                raise _user_unknown(name)
        return wanted


def group_unknown(name: str) -> AppError:
    """Return the answer for a group that does not exist."""
    return AppError(
        "group_not_found", f"There is no group {ascii(name)[:70]}.", hint="GET /api/v1/groups lists them.", status=404
    )


def _user_unknown(name: str) -> BadInputError:
    return BadInputError(
        "user_unknown", f"There is no user {ascii(name)[:60]}.", hint="Check the spelling of the name."
    )
