# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/v1/tasks."""

from __future__ import annotations

from wakari.access import Action, Caller, has
from wakari.projects.dead_letters import task_not_found
from wakari.server import who
from wakari.server.api.models.projects import TaskOut
from wakari.server.api.routing import Page, Window, page
from wakari.server.api.table import TABLE
from wakari.server.services import services


@TABLE.add(
    "GET",
    "/tasks",
    "List one's own tasks (staff: all), newest first",
    action=Action.TASK_OWN,
    answer=TaskOut,
    paged=True,
    filters=("state", "verb"),
)
def index(caller: Caller, window: Window, filters: dict[str, str]) -> Page[TaskOut]:
    """Return tasks."""
    everybody = has(caller, Action.TASK_READ_ALL)
    found = services().store.tasks.page(
        requested_by=None if everybody else caller.name,
        before=window.after or None,
        limit=window.limit + 1,
        filters=filters,
    )
    return page(found, window, lambda task: task.id, TaskOut.of)


@TABLE.add(
    "GET",
    "/tasks/{task}",
    "See a task of one's own or of a project one may see",
    action=Action.TASK_OWN,
    answer=TaskOut,
    errors=(404,),
)
def show(caller: Caller, task: str) -> TaskOut:
    """Return the task."""
    found = services().store.tasks.get(task)
    if found is not None and found.requested_by != caller.name and not has(caller, Action.TASK_READ_ALL):
        project = services().store.projects.by_id(found.project_id)
        if project is None or not has(caller, Action.PROJECT_READ, project):
            found = None
    if found is None:
        raise task_not_found()
    return TaskOut.of(found)


@TABLE.add(
    "POST",
    "/tasks/{task}/requeue",
    "Queue a task again that was given up or refused",
    action=Action.TASK_MANAGE,
    answer=TaskOut,
    errors=(404, 409),
)
def requeue(caller: Caller, task: str) -> TaskOut:
    """Return the task as it is now."""
    return TaskOut.of(services().dead_letters.requeue(caller, task, who.address()))


@TABLE.add(
    "POST",
    "/tasks/{task}/discard",
    "Discard a task that was given up",
    action=Action.TASK_MANAGE,
    answer=TaskOut,
    errors=(404, 409),
)
def discard(caller: Caller, task: str) -> TaskOut:
    """Return the task as it is now."""
    return TaskOut.of(services().dead_letters.discard(caller, task, who.address()))
