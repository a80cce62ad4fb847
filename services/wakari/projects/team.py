# SPDX-License-Identifier: GPL-3.0-or-later
"""The team of a project. A change reaches the API and gateways with the next request, and the files by a task."""

from __future__ import annotations

from dataclasses import dataclass

from wakari.access import LEVEL_OF_ROLE, Action, Caller, require
from wakari.core.errors import AppError, BadInputError
from wakari.projects.lifecycle import queue_permissions
from wakari.store import Store
from wakari.store.base import Transaction
from wakari.store.records import Project, Role

ROLES: tuple[Role, ...] = ("member", "viewer")
MAX_MEMBERS = 200  # an ACL holds a few hundred entries: acl(5), one block of extended attributes


@dataclass(frozen=True)
class Team:
    """Changes teams."""

    store: Store

    def put(self, caller: Caller, project: Project, user: str, role: str, address: str = "") -> Project:
        """Return the project after the person got the role; unchanged where they had it.

        Raises:
            BadInputError: `role_invalid`, `user_unknown`, `owner_is_no_member`, `team_full`.
        """
        require(caller, Action.PROJECT_TEAM, project)
        checked = next((known for known in ROLES if known == role), None)
        if checked is None or checked not in LEVEL_OF_ROLE:
            raise BadInputError("role_invalid", "There is no such role in a team.", hint="Use member or viewer.")
        if user == project.owner:
            raise BadInputError("owner_is_no_member", "The owner has every right already.", hint="Name another person.")
        if self.store.users.get(user) is None:
            raise BadInputError(
                "user_unknown", f"There is no user {ascii(user)[:60]}.", hint="Check the spelling of the name."
            )
        if any(entry.user == user and entry.role == checked for entry in project.members):
            return project
        if len(project.members) >= MAX_MEMBERS:
            raise BadInputError("team_full", f"A team has {MAX_MEMBERS} people at most.", hint="Remove somebody first.")

        def change(tx: Transaction) -> Project | None:
            changed = self.store.projects.set_member(project.id, user, checked, tx)
            if changed is not None:
                queue_permissions(self.store, changed, caller.name, tx)
            return changed

        changed = _there(self.store.transaction(change))
        self.store.audit.add("project.team.put", caller.name, project.path, address, user=user, role=checked)
        return changed

    def remove(self, caller: Caller, project: Project, user: str, address: str = "") -> Project:
        """Return the project after the person left; unchanged where they were not in it. Anybody may leave."""
        if user != caller.name or not any(entry.user == user for entry in project.members):
            require(caller, Action.PROJECT_TEAM, project)
        if not any(entry.user == user for entry in project.members):
            return project
        changed = self._drop(project, user, caller.name)
        self.store.audit.add("project.team.remove", caller.name, project.path, address, user=user)
        return changed

    def leave_all(self, user: str, actor: str) -> int:
        """Take a person out of every team, for the end of their account; return of how many."""
        joined = self.store.projects.joined(user)
        for project in joined:
            self._drop(project, user, actor)
            self.store.audit.add("project.team.remove", actor, project.path, user=user)
        return len(joined)

    def _drop(self, project: Project, user: str, actor: str) -> Project:
        def change(tx: Transaction) -> Project | None:
            changed = self.store.projects.remove_member(project.id, user, tx)
            if changed is not None:
                queue_permissions(self.store, changed, actor, tx)
            return changed

        return _there(self.store.transaction(change))


def _there(project: Project | None) -> Project:
    if project is None:
        raise AppError("project_not_found", "The project was deleted meanwhile.", status=404)
    return project
