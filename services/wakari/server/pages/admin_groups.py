# SPDX-License-Identifier: GPL-3.0-or-later
"""Administration of groups of users."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from wakari.access import Action
from wakari.core.errors import AppError
from wakari.server import who
from wakari.server.pages.admin import PAGE, needs, source_asked
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import attempt, back, field, me, page
from wakari.server.services import services

GROUPS = "/admin/groups"


@blueprint.get(GROUPS)
@needs(Action.USER_READ)
def admin_groups() -> tuple[str, int]:
    """Return the groups and who is in them, page by page."""
    return _groups()


@blueprint.post(GROUPS)
@needs(Action.GROUP_WRITE)
def admin_add_group() -> Response | tuple[str, int]:
    """Add a group; or the form again with what is wrong."""
    people = field("members", 64 * 1000).replace(",", " ").split()
    try:
        made = services().groups.add(
            field("name"), field("summary"), people, actor=me().user.name, address=who.address()
        )
    except AppError as error:
        return _groups(error.status, error=error, form=request.form)
    return _done(f"The group {made.name} is there.")


@blueprint.post(f"{GROUPS}/join")
@needs(Action.GROUP_WRITE)
def admin_join_group() -> Response:
    """Put a person into a group."""
    group, user, actor = field("group", 64), field("user", 64), me().user.name
    attempt(
        lambda: services().groups.join(group, user, actor=actor, address=who.address()), f"{user} is in {group} now."
    )
    return back(GROUPS)


@blueprint.post(f"{GROUPS}/leave")
@needs(Action.GROUP_WRITE)
def admin_leave_group() -> Response:
    """Take a person out of a group."""
    group, user, actor = field("group", 64), field("user", 64), me().user.name
    attempt(
        lambda: services().groups.leave(group, user, actor=actor, address=who.address()),
        f"{user} is no longer in {group}.",
    )
    return back(GROUPS)


@blueprint.post(f"{GROUPS}/remove")
@needs(Action.GROUP_WRITE)
def admin_remove_group() -> Response:
    """Take a group out of all teams and remove it."""
    group, actor = field("group", 64), me().user.name
    attempt(
        lambda: services().groups.remove(group, actor=actor, address=who.address()), f"The group {group} is removed."
    )
    return back(GROUPS)


def _done(words: str) -> Response:
    attempt(lambda: None, words)
    return back(GROUPS)


def _groups(status: int = 200, **context: object) -> tuple[str, int]:
    store = services().store
    chosen = source_asked()
    found = store.groups.page(request.args.get("after", ""), PAGE + 1, chosen)
    more = found[PAGE - 1].name if len(found) > PAGE else None
    people: dict[str, list[str]] = {group.name: [] for group in found[:PAGE]}
    for user in store.users.in_groups(people):
        for group in set(user.groups) & people.keys():
            people[group].append(user.name)
    return page(
        "admin/groups.html",
        status,
        tab="groups",
        groups=found[:PAGE],
        people=people,
        more=more,
        chosen=chosen.get("source", ""),
        **context,
    )
