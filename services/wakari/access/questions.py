# SPDX-License-Identifier: GPL-3.0-or-later
"""The three questions: what level, may they, and refuse if they may not. And the first two as a query for lists."""

from __future__ import annotations

from typing import Any

from wakari.access.levels import LEVEL_OF_ROLE, Caller, Level, Shared, SiteRole
from wakari.access.table import TABLE, Action
from wakari.core.errors import AppError


def level(caller: Caller, project: Shared) -> Level:
    """Return the caller's own level on the project; NONE for a stranger to a private one.

    A role on the site gives no level: an administrator does not read a person's files through a gateway.
    """
    if caller.site is SiteRole.ANONYMOUS:
        return Level.READ if caller.reads_public and project.public else Level.NONE
    if caller.name == project.owner:
        return Level.ADMIN
    held = [LEVEL_OF_ROLE[entry.role] for entry in project.members if entry.user == caller.name]
    held += [LEVEL_OF_ROLE[entry.role] for entry in project.groups if entry.group in caller.groups]
    return max([*held, Level.READ if project.public else Level.NONE])


def has(caller: Caller, action: Action, project: Shared | None = None) -> bool:
    """Return whether the table allows the action; False for one on projects when none is given, unless by role."""
    rule = TABLE[action]
    if rule.site is not None and caller.site >= rule.site:
        return True
    return rule.level is not None and project is not None and level(caller, project) >= rule.level


def require(caller: Caller, action: Action, project: Shared) -> None:
    """Return when the action is allowed on the project.

    Raises:
        AppError: 404 where the caller may not see the project, so that a refusal does not tell of it; else 403.
    """
    if has(caller, action, project):
        return
    if not has(caller, Action.PROJECT_READ, project):
        raise not_found()
    raise AppError(
        "forbidden",
        f"You may not do this here: {TABLE[action].describe.lower()}.",
        hint="Ask the project's owner.",
        status=403,
    )


def require_site(caller: Caller, action: Action) -> None:
    """Return when the action, which concerns no single project, is allowed; raise AppError 401 or 403 otherwise."""
    if has(caller, action):
        return
    if caller.site is SiteRole.ANONYMOUS:
        raise AppError("sign_in_required", "Sign in first.", hint="Send a bearer token, or sign in.", status=401)
    needed = TABLE[action].site
    role = needed.name.lower() if needed else "nobody"
    raise AppError(
        "forbidden",
        f"You may not do this: {TABLE[action].describe.lower()}.",
        hint=f"This needs the role {role}; ask an administrator.",
        status=403,
    )


def query(caller: Caller, action: Action) -> dict[str, Any]:
    """Return the filter on the collection of projects that keeps exactly those for which `has` is true."""
    rule = TABLE[action]
    if rule.site is not None and caller.site >= rule.site:
        return {}
    if rule.level is None or caller.site is SiteRole.ANONYMOUS:
        return {"_id": {"$in": []}}
    roles = [role for role, given in LEVEL_OF_ROLE.items() if given >= rule.level and role != "owner"]
    either: list[dict[str, Any]] = [{"owner": caller.name}]
    if roles:
        either.append({"members": {"$elemMatch": {"user": caller.name, "role": {"$in": roles}}}})
        # A condition a group: MongoDB merges the ways that each begin at one place of an index without sorting.
        either += [
            {"groups": {"$elemMatch": {"group": group, "role": {"$in": roles}}}} for group in sorted(caller.groups)
        ]
    if rule.level <= Level.READ:
        either.append({"public": True})
    return {"$or": either}


def not_found() -> AppError:
    """Return the answer for a project that does not exist or may not be seen: the same in both cases."""
    return AppError(
        "project_not_found",
        "There is no such project, or it is not shared with you.",
        hint="Check owner and name; ask the owner to add you to the team.",
        status=404,
    )
