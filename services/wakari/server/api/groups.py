# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/v1/groups."""

from __future__ import annotations

from wakari.access import Action, Caller, require_site
from wakari.server import who
from wakari.server.api.models.people import GroupChange, GroupOut, NewGroup
from wakari.server.api.routing import Page, Window, page
from wakari.server.api.table import TABLE
from wakari.server.services import services
from wakari.store.records import Group

ONE = "/groups/{group}"


@TABLE.add(
    "GET",
    "/groups",
    "List groups of users",
    action=Action.GROUP_READ,
    answer=GroupOut,
    paged=True,
    filters=("source",),
)
def index(caller: Caller, window: Window, filters: dict[str, str]) -> Page[GroupOut]:
    """Return groups in the order of their names."""
    require_site(caller, Action.GROUP_READ)
    found = services().store.groups.page(window.after, window.limit + 1, filters)
    people: dict[str, list[str]] = {group.name: [] for group in found}
    for user in services().store.users.in_groups(people):
        for group in user.groups:
            if group in people:
                people[group].append(user.name)
    return page(found, window, lambda group: group.name, lambda group: _out(group, sorted(people[group.name])))


@TABLE.add(
    "POST",
    "/groups",
    "Add a group of users",
    action=Action.GROUP_WRITE,
    status=201,
    body=NewGroup,
    answer=GroupOut,
    errors=(409,),
)
def create(caller: Caller, body: NewGroup) -> GroupOut:
    """Return the new group."""
    require_site(caller, Action.GROUP_WRITE)
    made = services().groups.add(body.name, body.summary, body.members, actor=caller.name, address=who.address())
    return _out(made, services().groups.people(made.name))


@TABLE.add("GET", ONE, "See a group and who is in it", action=Action.GROUP_READ, answer=GroupOut, errors=(404,))
def show(caller: Caller, group: str) -> GroupOut:
    """Return the group."""
    require_site(caller, Action.GROUP_READ)
    return _out(services().groups.get(group), services().groups.people(group))


@TABLE.add(
    "PATCH",
    ONE,
    "Change a group, or who is in it",
    action=Action.GROUP_WRITE,
    body=GroupChange,
    answer=GroupOut,
    errors=(404,),
)
def update(caller: Caller, group: str, body: GroupChange) -> GroupOut:
    """Return the group after the change."""
    require_site(caller, Action.GROUP_WRITE)
    groups = services().groups
    groups.get(group)
    if body.summary is not None:
        groups.update(group, body.summary, actor=caller.name, address=who.address())
    if body.members is not None:
        groups.set_people(group, body.members, actor=caller.name, address=who.address())
    return _out(groups.get(group), groups.people(group))


@TABLE.add(
    "DELETE",
    ONE,
    "Take a group out of all teams and remove it",
    action=Action.GROUP_WRITE,
    status=204,
    errors=(404, 409),
)
def remove(caller: Caller, group: str) -> None:
    """Remove the group."""
    require_site(caller, Action.GROUP_WRITE)
    services().groups.remove(group, actor=caller.name, address=who.address())


@TABLE.add(
    "PUT",
    ONE + "/members/{user}",
    "Put a person into a group",
    action=Action.GROUP_WRITE,
    answer=GroupOut,
    errors=(404, 422),
)
def join(caller: Caller, group: str, user: str) -> GroupOut:
    """Return the group."""
    require_site(caller, Action.GROUP_WRITE)
    groups = services().groups
    groups.join(group, user, actor=caller.name, address=who.address())
    return _out(groups.get(group), groups.people(group))


@TABLE.add(
    "DELETE",
    ONE + "/members/{user}",
    "Take a person out of a group",
    action=Action.GROUP_WRITE,
    answer=GroupOut,
    errors=(404,),
)
def leave(caller: Caller, group: str, user: str) -> GroupOut:
    """Return the group."""
    require_site(caller, Action.GROUP_WRITE)
    groups = services().groups
    groups.leave(group, user, actor=caller.name, address=who.address())
    return _out(groups.get(group), groups.people(group))


def _out(group: Group, members: list[str]) -> GroupOut:
    return GroupOut(
        name=group.name, summary=group.summary, source=group.source, members=members, created_at=group.created_at
    )
