# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/internal/v1/starting: somebody opens an app of a project that does not run. How far is it, may they start it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal, cast

from flask import Response, jsonify
from pydantic import Field

from wakari.access import LEVEL_OF_ROLE, TABLE, Action, Caller, Level, has, level
from wakari.access.questions import not_found
from wakari.core.errors import AppError
from wakari.projects.members import resolved
from wakari.server.api.present import page_url
from wakari.server.api.routing import read_body
from wakari.server.internal.blueprint import Question, blueprint, caller_of, calling_gateway, person_of
from wakari.server.services import services
from wakari.store.records import Project, State, Task

NAMED = 10  # people who may start it that are told
# From which states the project is started. A failed start is repeated only when a person asks for it.
FROM: Mapping[str, tuple[State, ...]] = MappingProxyType(
    {"no": (), "stopped": ("stopped",), "any": ("stopped", "error")}
)


class Opening(Question):
    """Somebody opens an app. `start` says from which states the project is started, where the table allows it."""

    start: Literal["no", "stopped", "any"] = "no"
    address: str = Field(default="", max_length=64)


@blueprint.post("/starting")
def starting() -> Response:
    """Return the project's state, the steps of the task that moves it, and who may start it.

    Raises:
        AppError: 401 as for decisions; `project_not_found` (404) where the person may not see it.
    """
    data_center = calling_gateway()
    asked = cast("Opening", read_body(Opening))
    user = person_of(asked.credential, data_center)
    caller = caller_of(user)
    project = services().store.projects.get(asked.owner, asked.project)
    if project is None or project.data_center != data_center.id or level(caller, project) == Level.NONE:
        raise not_found()
    may_start = has(caller, Action.PROJECT_RUN, project)
    if may_start and project.state in FROM[asked.start] and not project.deleting:
        project = _start(caller, project, asked.address)
    return jsonify(_told(project, may_start=may_start, signed_in=user is not None))


def _start(caller: Caller, project: Project, address: str) -> Project:
    """Return the project as it is after its start was asked for, which somebody else may have done just now."""
    try:
        services().lifecycle.start(caller, project, address)
    except AppError as error:
        if error.code != "project_busy":
            raise
    return services().store.projects.by_id(project.id) or project


def _told(project: Project, *, may_start: bool, signed_in: bool) -> dict[str, Any]:
    task = services().store.tasks.get(project.task) if project.task else None
    progress = project.progress or {}
    return {
        "state": "deleting" if project.deleting else project.state,
        "reason": project.reason,
        "may_start": may_start and not project.deleting,
        # To somebody who is nobody only the owner is named, whose name stands in the address.
        "starters": [] if may_start else _starters(project)[: NAMED if signed_in else 1],
        "steps": _steps(task) if task else [],
        "fraction": progress.get("fraction"),
        # Why it failed, or why it is tried again. The lines of the log may hold what viewers must not read.
        "error": _error(task.error, whole=may_start) if task and task.error and task.state != "done" else None,
        "project_page": page_url(project.owner, project.name),
    }


def _starters(project: Project) -> Sequence[str]:
    """Return the names of people who may start the project, the owner first."""
    needed = TABLE[Action.PROJECT_RUN].level or Level.ADMIN
    team = resolved(services().store, project)
    return [project.owner, *sorted(name for name, role in team.items() if LEVEL_OF_ROLE[role] >= needed)][:NAMED]


def _steps(task: Task) -> list[dict[str, str]]:
    """Return the steps the task has come to, each with the last it said."""
    steps: dict[str, str] = {}
    for line in task.progress:
        steps[str(line.get("step", ""))] = str(line.get("message", ""))
    return [{"step": step, "message": message} for step, message in steps.items()]


def _error(error: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    told = {"message": error.get("message", ""), "hint": error.get("hint", "")}
    return {**told, "detail": error.get("detail", {})} if whole else told
