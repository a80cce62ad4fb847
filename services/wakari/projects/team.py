# SPDX-License-Identifier: GPL-3.0-or-later
"""The team of a project. A change reaches the API and gateways with the next request, and the files by a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from wakari.access import Action, Caller, require
from wakari.core.errors import AppError
from wakari.projects.lifecycle import queue_permissions
from wakari.projects.members import check_groups, check_members, check_role, check_size, resolved
from wakari.store import Store
from wakari.store.base import Transaction
from wakari.store.records import Project, Role

Roles = dict[str, Role]


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
        checked = check_role(role)
        check_members(self.store, project.owner, {user: role})
        if any(entry.user == user and entry.role == checked for entry in project.members):
            return project

        def change(tx: Transaction) -> Project | None:
            changed = self.store.projects.set_member(project.id, user, checked, tx)
            if changed is not None:
                check_size(len(resolved(self.store, changed, tx)))
                queue_permissions(self.store, changed, caller.name, tx)
            return changed

        changed = _there(self.store.transaction(change))
        self.store.audit.add("project.team.put", caller.name, project.path, address, user=user, role=checked)
        return changed

    def put_group(self, caller: Caller, project: Project, group: str, role: str, address: str = "") -> Project:
        """Return the project after everybody in the group got the role; unchanged where they had it.

        Raises:
            BadInputError: `role_invalid`, `group_unknown`, `team_full`.
        """
        return self._set_group(caller, project, group, check_role(role), address)

    def remove_group(self, caller: Caller, project: Project, group: str, address: str = "") -> Project:
        """Return the project after the group left the team; unchanged where it was not in it."""
        return self._set_group(caller, project, group, None, address)

    def _set_group(self, caller: Caller, project: Project, group: str, role: Role | None, address: str) -> Project:
        """Return the project after the group got the role, or with None left the team.

        The team is read anew in the transaction, and again when that is repeated: what others changed since the request
        read the project stays.
        """
        require(caller, Action.PROJECT_TEAM, project)

        def change(tx: Transaction) -> tuple[Project, Project] | None:
            current = self.store.projects.by_id(project.id, tx)
            if current is None:
                return None
            groups = {entry.group: entry for entry in current.groups}
            if role is None:
                groups.pop(group, None)
            elif group not in groups or groups[group].role != role:
                groups |= {entry.group: entry for entry in check_groups(self.store, {group: role}, tx)}
            if tuple(groups.values()) == current.groups:
                return current, current
            changed = self.store.projects.set_team(project.id, None, groups.values(), tx)
            if changed is None:
                return None
            if role is not None:
                check_size(len(resolved(self.store, changed, tx)))
            queue_permissions(self.store, changed, caller.name, tx)
            return current, changed

        both = self.store.transaction(change)
        if both is None:
            raise _gone()
        before, after = both
        self._log(caller.name, after.path, _roles(before), _roles(after), address)
        return after

    def replace(
        self,
        caller: Caller,
        project: Project,
        *,
        members: Mapping[str, str] | None = None,
        groups: Mapping[str, str] | None = None,
        address: str = "",
    ) -> Project:
        """Return the project with this team: roles by name of person and of group. None leaves that part as it is.

        Raises:
            BadInputError: as `put` and `put_group`; then nothing was changed.
        """
        require(caller, Action.PROJECT_TEAM, project)
        before = _roles(project)
        wanted = None if members is None or dict(members) == before[0] else members
        shared = None if groups is None or dict(groups) == before[1] else groups
        if wanted is None and shared is None:
            return project
        people = None if wanted is None else check_members(self.store, project.owner, wanted)

        def change(tx: Transaction) -> Project | None:
            entries = None if shared is None else check_groups(self.store, shared, tx)
            changed = self.store.projects.set_team(project.id, people, entries, tx)
            if changed is not None:
                check_size(len(resolved(self.store, changed, tx)))
                queue_permissions(self.store, changed, caller.name, tx)
            return changed

        changed = _there(self.store.transaction(change))
        self._log(caller.name, project.path, before, _roles(changed), address)
        return changed

    def _log(
        self, actor: str, path: str, before: tuple[Roles, Roles], after: tuple[Roles, Roles], address: str
    ) -> None:
        """Enter each person and group that came, left or got another role: the log is read by person."""
        for kind, was, now in zip(("user", "group"), before, after, strict=True):
            for name in sorted(was.keys() - now.keys()):
                self.store.audit.add("project.team.remove", actor, path, address, **{kind: name})
            for name, role in now.items():
                if was.get(name) != role:
                    self.store.audit.add("project.team.put", actor, path, address, **{kind: name, "role": role})

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
        """Take a person out of every team and group, once their account is closed; return of how many teams."""
        self.store.transaction(lambda tx: self._take_stars(user, tx))
        joined = self.store.projects.joined(user)
        for project in joined:
            self._drop(project, user, actor)
            self.store.audit.add("project.team.remove", actor, project.path, user=user)
        for group in self.store.users.leave_groups(user):
            for project in self.store.projects.shared_with(group):
                self.store.transaction(partial(queue_permissions, self.store, project, actor))
        return len(joined)

    def _take_stars(self, user: str, tx: Transaction) -> None:
        for project_id in self.store.stars.of(user, tx=tx):
            if self.store.stars.take(project_id, user, tx):
                self.store.projects.add_stars(project_id, -1, tx)

    def _drop(self, project: Project, user: str, actor: str) -> Project:
        def change(tx: Transaction) -> Project | None:
            changed = self.store.projects.remove_member(project.id, user, tx)
            if changed is not None:
                queue_permissions(self.store, changed, actor, tx)
            return changed

        return _there(self.store.transaction(change))


def _roles(project: Project) -> tuple[Roles, Roles]:
    return (
        {entry.user: entry.role for entry in project.members},
        {entry.group: entry.role for entry in project.groups},
    )


def _there(project: Project | None) -> Project:
    if project is None:
        raise _gone()
    return project


def _gone() -> AppError:
    return AppError("project_not_found", "The project was deleted meanwhile.", status=404)
