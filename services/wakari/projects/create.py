# SPDX-License-Identifier: GPL-3.0-or-later
"""Creating a project and changing what it says of itself."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wakari.access import Action, Caller, require, require_site
from wakari.core import names
from wakari.core.errors import AppError, BadInputError
from wakari.core.messages import Limits
from wakari.projects import placement
from wakari.projects.lifecycle import queue_permissions, queue_settings
from wakari.projects.members import check_groups, check_members, check_size, resolved
from wakari.projects.social import check_tags
from wakari.store import Conflict, Store
from wakari.store.base import Transaction
from wakari.store.records import Project

MAX_SUMMARY = 200
MAX_DESCRIPTION = 5000
_CONTROLS = frozenset({"Cc", "Cs"})  # control characters, and halves of characters (Unicode, 4.5)
LEAST_MEMORY = 256 << 20  # bytes; a notebook server and one kernel take about 150 MiB


@dataclass(frozen=True)
class Creation:
    """Creates projects and updates their description."""

    store: Store
    public_by_default: bool = False

    def default_public(self) -> bool:
        """Return whether a project is public where nobody says: as the site's setting is, or else the file's."""
        chosen = self.store.site.get().default_project_public
        return self.public_by_default if chosen is None else chosen

    def create(
        self,
        caller: Caller,
        name: object,
        *,
        summary: str = "",
        description: str = "",
        public: bool | None = None,
        members: Mapping[str, str] | None = None,
        groups: Mapping[str, str] | None = None,
        data_center: str | None = None,
        nodes: Sequence[str] | None = None,
        owner: str | None = None,
        tags: Sequence[str] = (),
        address: str = "",
    ) -> Project:
        """Return the new project, stopped and placed, with its team: roles by name of person and of group.

        Raises:
            BadInputError: a field breaks a rule.
            AppError: `project_exists` (409), `no_node` (409), `forbidden` (403).
        """
        require_site(caller, Action.PROJECT_CREATE)
        checked = names.project_name(name)
        if owner is not None and owner != caller.name:
            require_site(caller, Action.PROJECT_CREATE_FOR)
            if self.store.users.get(owner) is None:
                raise BadInputError("owner_unknown", "There is no such user to own it.", hint="Add the user first.")
        holder = owner or caller.name
        place = placement.choose_data_center(self.store, data_center, nodes)
        chosen = placement.choose_nodes(self.store, place, nodes)
        shown = self.default_public() if public is None else public
        told = check_summary(summary)
        described = check_description(description)
        people = check_members(self.store, holder, members or {})
        labels = check_tags(tags)

        def insert(tx: Transaction) -> Project:
            made = self.store.projects.insert(
                owner=holder,
                name=checked,
                summary=told,
                description=described,
                public=shown,
                data_center=place.id,
                nodes=chosen,
                members=people,
                tags=labels,
                groups=check_groups(self.store, groups or {}, tx),
                tx=tx,
            )
            if made.groups:
                check_size(len(resolved(self.store, made, tx)))
            return made

        try:
            project = self.store.transaction(insert) if groups else insert(None)
        except Conflict:
            raise AppError(
                "project_exists",
                f"{holder} has a project {checked!r} already.",
                hint="Choose another name.",
                status=409,
            ) from None
        self.store.audit.add("project.create", caller.name, project.path, address, nodes=",".join(chosen), public=shown)
        for entry in project.members:
            self.store.audit.add(
                "project.team.put", caller.name, project.path, address, user=entry.user, role=entry.role
            )
        for shared in project.groups:
            self.store.audit.add(
                "project.team.put", caller.name, project.path, address, group=shared.group, role=shared.role
            )
        return project

    def update(
        self,
        caller: Caller,
        project: Project,
        *,
        summary: str | None = None,
        description: str | None = None,
        public: bool | None = None,
        environment: str | None = None,
        address: str = "",
    ) -> Project:
        """Return the project after the change. A change of visibility reaches the files of a project that has any.

        A new active environment holds for apps that are opened from then on, and after the next start where the
        project has none of this name yet.

        Raises:
            BadInputError: `summary_invalid`, `description_invalid`, `environment_invalid`.
        """
        if environment is not None:
            require(caller, Action.PROJECT_ENVIRONMENT, project)
        if environment is None or summary is not None or description is not None or public is not None:
            require(caller, Action.PROJECT_UPDATE, project)
        given = {
            "environment": None if environment is None else check_environment(environment),
            "summary": None if summary is None else check_summary(summary),
            "description": None if description is None else check_description(description),
            "public": public,
        }
        fields = {key: value for key, value in given.items() if value not in {None, getattr(project, key)}}
        if not fields:
            return project

        def change(tx: Transaction) -> Project | None:
            changed = self.store.projects.update(project.id, fields, tx)
            if changed is not None and "public" in fields:
                queue_permissions(self.store, changed, caller.name, tx)
            return changed

        changed = self.store.transaction(change)
        if changed is None:
            raise AppError("project_not_found", "The project was deleted meanwhile.", status=404)
        told = fields | ({"description": "changed"} if "description" in fields else {})
        self.store.audit.add("project.update", caller.name, project.path, address, **told)
        return changed

    def limit(self, caller: Caller, project: Project, limits: Limits, address: str = "") -> Project:
        """Return the project with these limits, which reach its running apps by a task.

        Raises:
            BadInputError: `limit_too_small`.
            AppError: `forbidden` for anybody but a superuser.
        """
        require(caller, Action.PROJECT_LIMITS, project)
        if check_limits(limits) == project.limits:
            return project

        def change(tx: Transaction) -> Project | None:
            changed = self.store.projects.update(project.id, {"limits": limits.model_dump()}, tx)
            if changed is not None:
                queue_settings(self.store, changed, caller.name, tx)
            return changed

        changed = self.store.transaction(change)
        if changed is None:
            raise AppError("project_not_found", "The project was deleted meanwhile.", status=404)
        told = limits.model_dump(exclude_none=True)
        self.store.audit.add("project.limit", caller.name, project.path, address, **told)
        return changed


def check_limits(limits: Limits) -> Limits:
    """Return the limits of a project if an app can live with them; raise BadInputError `limit_too_small` otherwise."""
    if limits.memory_max is not None and limits.memory_bytes < LEAST_MEMORY:
        raise BadInputError(
            "limit_too_small", "No app starts with so little memory.", hint=f"Use {LEAST_MEMORY >> 20}M or more."
        )
    return limits


def check_environment(name: str) -> str:
    """Return the name if it can be a folder of `envs/`; raise BadInputError otherwise."""
    try:
        return names.node_name(name)
    except BadInputError:
        raise BadInputError(
            "environment_invalid",
            f"{ascii(name)[:70]} is no name of an environment.",
            hint="Use 1 to 63 letters, digits, '.', '-' and '_', beginning with a letter or digit.",
        ) from None


def check_summary(summary: str) -> str:
    """Return the summary if it is one short printable line; raise BadInputError otherwise."""
    if len(summary) > MAX_SUMMARY or not summary.isprintable():
        raise BadInputError(
            "summary_invalid", "The summary cannot be used.", hint=f"Use one line of up to {MAX_SUMMARY} characters."
        )
    return summary


def check_description(description: str) -> str:
    """Return the description with one kind of line end and none at its end; raise BadInputError for other controls."""
    lines = description.replace("\r\n", "\n").replace("\r", "\n").rstrip()
    if len(lines) > MAX_DESCRIPTION or any(
        unicodedata.category(char) in _CONTROLS for char in lines if char not in "\n\t"
    ):
        raise BadInputError(
            "description_invalid",
            "The description cannot be used.",
            hint=f"Use text (Markdown) of up to {MAX_DESCRIPTION} characters, without control characters.",
        )
    return lines
