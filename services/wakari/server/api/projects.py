# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/v1/projects."""

from __future__ import annotations

from wakari.access import Action, Caller, query
from wakari.core.errors import BadInputError
from wakari.projects.lifecycle import check_files
from wakari.server import who
from wakari.server.api.models.projects import (
    MemberRole,
    NewOwner,
    NewProject,
    Nodes,
    ProjectChange,
    ProjectOut,
    TaskOut,
    TeamGroupIn,
    TeamIn,
)
from wakari.server.api.present import Places, project_out, visible
from wakari.server.api.routing import Page, Window, page
from wakari.server.api.table import TABLE
from wakari.server.services import services

ONE = "/projects/{owner}/{name}"


@TABLE.add(
    "GET",
    "/projects",
    "List the projects one may see",
    action=Action.PROJECT_READ,
    answer=ProjectOut,
    paged=True,
    filters=("owner", "node", "state"),
)
def index(caller: Caller, window: Window, filters: dict[str, str]) -> Page[ProjectOut]:
    """Return projects in the order of owner and name; filtered in the database."""
    owner, slash, name = window.after.partition("/")
    if window.after and not (slash and name):
        raise BadInputError("cursor_invalid", "The cursor cannot be used.", hint="Use `next` of the former answer.")
    known = Places()
    found = services().store.projects.page(
        query(caller, Action.PROJECT_READ),
        (owner, name) if window.after else None,
        window.limit + 1,
        {"nodes" if field == "node" else field: value for field, value in filters.items()},
    )
    return page(found, window, lambda project: project.path, lambda project: project_out(caller, project, known))


@TABLE.add(
    "POST",
    "/projects",
    "Create a project",
    action=Action.PROJECT_CREATE,
    status=201,
    body=NewProject,
    answer=ProjectOut,
    errors=(409,),
)
def create(caller: Caller, body: NewProject) -> ProjectOut:
    """Return the new project, stopped."""
    project = services().creation.create(
        caller,
        body.name,
        summary=body.summary,
        description=body.description,
        public=body.public,
        members=_members(body.members),
        groups=_groups(body.groups),
        data_center=body.data_center,
        nodes=body.nodes,
        owner=body.owner,
        tags=body.tags,
        address=who.address(),
    )
    return project_out(caller, project)


@TABLE.add("GET", ONE, "See a project", action=Action.PROJECT_READ, answer=ProjectOut, errors=(404,))
def show(caller: Caller, owner: str, name: str) -> ProjectOut:
    """Return the project."""
    return project_out(caller, visible(caller, owner, name))


@TABLE.add(
    "PATCH", ONE, "Change a project", action=Action.PROJECT_UPDATE, body=ProjectChange, answer=ProjectOut, errors=(404,)
)
def update(caller: Caller, owner: str, name: str, body: ProjectChange) -> ProjectOut:
    """Return the project after the change."""
    project = visible(caller, owner, name)
    if body.members is not None or body.groups is not None:
        project = services().team.replace(
            caller,
            project,
            members=None if body.members is None else _members(body.members),
            groups=None if body.groups is None else _groups(body.groups),
            address=who.address(),
        )
    creation = services().creation
    if body.limits is not None:
        project = creation.limit(caller, project, body.limits, who.address())
    if body.tags is not None:
        project = services().social.tag(caller, project, body.tags, who.address())
    plain = body.model_dump(include={"summary", "description", "public", "environment"}, exclude_none=True)
    if plain or (body.limits is None and body.tags is None):
        project = creation.update(caller, project, **plain, address=who.address())
    return project_out(caller, project)


@TABLE.add(
    "DELETE",
    ONE,
    "Stop a project, archive its files (or delete them: `files=delete`) and remove it",
    action=Action.PROJECT_DELETE,
    status=202,
    answer=TaskOut,
    filters=("files",),
    errors=(404, 409, 422),
)
def remove(caller: Caller, owner: str, name: str, filters: dict[str, str]) -> TaskOut:
    """Return the task."""
    project = visible(caller, owner, name)
    files = check_files(filters.get("files", "archive"))
    return TaskOut.of(services().lifecycle.delete(caller, project, who.address(), files=files))


@TABLE.add(
    "POST",
    ONE + "/transfer",
    "Hand a project over to another owner",
    action=Action.PROJECT_TRANSFER,
    body=NewOwner,
    answer=ProjectOut,
    errors=(404, 409),
)
def transfer(caller: Caller, owner: str, name: str, body: NewOwner) -> ProjectOut:
    """Return the project, which is the new owner's at once; it is `stopping` until its nodes have moved its files."""
    project = visible(caller, owner, name)
    return project_out(
        caller, services().transfer.hand_over(caller, project, body.owner, keep=body.keep, address=who.address())
    )


@TABLE.add(
    "PUT",
    ONE + "/nodes",
    "Move a project to other nodes of its data center",
    action=Action.PROJECT_MOVE,
    body=Nodes,
    answer=ProjectOut,
    errors=(404, 409),
)
def move(caller: Caller, owner: str, name: str, body: Nodes) -> ProjectOut:
    """Return the project, which is `stopping` until its nodes have shown that they share its files."""
    project = visible(caller, owner, name)
    return project_out(caller, services().moving.move(caller, project, body.nodes, who.address()))


@TABLE.add(
    "POST",
    ONE + "/start",
    "Start a project",
    action=Action.PROJECT_RUN,
    status=202,
    answer=TaskOut,
    errors=(404, 409),
)
def start(caller: Caller, owner: str, name: str) -> TaskOut:
    """Return the task."""
    project = visible(caller, owner, name)
    return TaskOut.of(services().lifecycle.start(caller, project, who.address()))


@TABLE.add(
    "POST", ONE + "/stop", "Stop a project", action=Action.PROJECT_RUN, status=202, answer=TaskOut, errors=(404, 409)
)
def stop(caller: Caller, owner: str, name: str) -> TaskOut:
    """Return the task."""
    project = visible(caller, owner, name)
    return TaskOut.of(services().lifecycle.stop(caller, project, who.address()))


@TABLE.add(
    "POST",
    ONE + "/cancel",
    "Cancel a start or stop that still waits for a worker",
    action=Action.PROJECT_RUN,
    answer=TaskOut,
    errors=(404, 409),
)
def cancel(caller: Caller, owner: str, name: str) -> TaskOut:
    """Return the task as it is now."""
    project = visible(caller, owner, name)
    return TaskOut.of(services().lifecycle.cancel(caller, project, who.address()))


@TABLE.add(
    "PUT",
    ONE + "/members/{user}",
    "Put a person into the team, or change their role",
    action=Action.PROJECT_TEAM,
    body=MemberRole,
    answer=ProjectOut,
    errors=(404,),
)
def put_member(caller: Caller, owner: str, name: str, user: str, body: MemberRole) -> ProjectOut:
    """Return the project."""
    project = visible(caller, owner, name)
    return project_out(caller, services().team.put(caller, project, user, body.role, who.address()))


@TABLE.add(
    "DELETE",
    ONE + "/members/{user}",
    "Take a person out of the team (oneself: everybody)",
    action=Action.PROJECT_TEAM,
    answer=ProjectOut,
    errors=(404,),
)
def remove_member(caller: Caller, owner: str, name: str, user: str) -> ProjectOut:
    """Return the project."""
    project = visible(caller, owner, name)
    return project_out(caller, services().team.remove(caller, project, user, who.address()))


@TABLE.add(
    "PUT",
    ONE + "/groups/{group}",
    "Put a group into the team, or change its role",
    action=Action.PROJECT_TEAM,
    body=MemberRole,
    answer=ProjectOut,
    errors=(404,),
)
def put_group(caller: Caller, owner: str, name: str, group: str, body: MemberRole) -> ProjectOut:
    """Return the project."""
    project = visible(caller, owner, name)
    return project_out(caller, services().team.put_group(caller, project, group, body.role, who.address()))


@TABLE.add(
    "DELETE",
    ONE + "/groups/{group}",
    "Take a group out of the team",
    action=Action.PROJECT_TEAM,
    answer=ProjectOut,
    errors=(404,),
)
def remove_group(caller: Caller, owner: str, name: str, group: str) -> ProjectOut:
    """Return the project."""
    project = visible(caller, owner, name)
    return project_out(caller, services().team.remove_group(caller, project, group, who.address()))


@TABLE.add(
    "PUT", ONE + "/star", "Give a project one's star", action=Action.PROJECT_READ, answer=ProjectOut, errors=(404, 409)
)
def star(caller: Caller, owner: str, name: str) -> ProjectOut:
    """Return the project."""
    return project_out(caller, services().social.star(caller, visible(caller, owner, name), given=True))


@TABLE.add(
    "DELETE", ONE + "/star", "Take one's star back", action=Action.PROJECT_READ, answer=ProjectOut, errors=(404,)
)
def unstar(caller: Caller, owner: str, name: str) -> ProjectOut:
    """Return the project."""
    return project_out(caller, services().social.star(caller, visible(caller, owner, name), given=False))


def _members(entries: list[TeamIn]) -> dict[str, str]:
    return {entry.user: entry.role for entry in entries}


def _groups(entries: list[TeamGroupIn]) -> dict[str, str]:
    return {entry.group: entry.role for entry in entries}
