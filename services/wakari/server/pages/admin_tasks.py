# SPDX-License-Identifier: GPL-3.0-or-later
"""The task queue: what waits, what is at work, what ended badly and what becomes of it."""

from __future__ import annotations

from typing import get_args

from flask import request
from werkzeug.wrappers import Response

from wakari.access import Action
from wakari.server import who
from wakari.server.pages.admin import PAGE, needs
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import attempt, back, field, me, page
from wakari.server.services import services
from wakari.store.records import TaskState

TASKS = "/admin/tasks"
KINDS: tuple[str, ...] = get_args(TaskState)


@blueprint.get(TASKS)
@needs(Action.TASK_READ_ALL)
def admin_tasks() -> tuple[str, int]:
    """Return the newest tasks, of one state where asked."""
    store = services().store
    chosen = request.args.get("state", "")
    state = chosen if chosen in KINDS else ""
    found = store.tasks.page(
        requested_by=None,
        before=request.args.get("before"),
        limit=PAGE + 1,
        filters={"state": state} if state else None,
    )
    return page(
        "admin/tasks.html",
        tab="tasks",
        tasks=found[:PAGE],
        more=found[PAGE - 1].id if len(found) > PAGE else None,
        workers=store.tasks.workers(),
        states=KINDS,
        chosen=state,
        dead=store.tasks.count("dead"),
    )


@blueprint.post(f"{TASKS}/requeue")
@needs(Action.TASK_MANAGE)
def admin_requeue_task() -> Response:
    """Queue a task again that ended badly."""
    task, caller = field("task", 64), me().caller
    attempt(lambda: services().dead_letters.requeue(caller, task, who.address()), "The task is queued again.")
    return back(TASKS)


@blueprint.post(f"{TASKS}/discard")
@needs(Action.TASK_MANAGE)
def admin_discard_task() -> Response:
    """Discard a dead task."""
    task, caller = field("task", 64), me().caller
    attempt(lambda: services().dead_letters.discard(caller, task, who.address()), "The task is discarded.")
    return back(TASKS)
