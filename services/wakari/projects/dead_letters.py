# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks that ended badly: queued again once the cause is gone, or discarded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wakari.access import Action, Caller, require_site
from wakari.core.errors import AppError
from wakari.store import Conflict, Store
from wakari.store.base import Transaction
from wakari.store.records import State, Task

# The state a project is in while one of these moves it; the other verbs move none.
MOVES: Mapping[str, State] = {
    "start-project": "starting",
    "stop-project": "stopping",
    "remove-project": "stopping",
    "transfer-project": "stopping",
    "move-project": "stopping",
}


@dataclass(frozen=True)
class DeadLetters:
    """Decides over tasks that were given up (dead) or refused (failed)."""

    store: Store

    def requeue(self, caller: Caller, task_id: str, address: str = "") -> Task:
        """Return the task, queued with all its attempts before it; a project it moves is on its way again.

        Raises:
            AppError: `task_not_found` (404), `task_not_ended_badly` (409), `task_overtaken` (409) where something
                newer decided over the project meanwhile; `forbidden`.
        """
        require_site(caller, Action.TASK_MANAGE)
        found = self._get(task_id)

        def requeue(tx: Transaction) -> Task | None:
            queued = self.store.tasks.requeue(found, tx)
            to = MOVES.get(found.verb)
            if queued is not None and to is not None:
                deleting = found.verb == "remove-project"
                moved = self.store.projects.move_again(found.project_id, to, found.id, tx, deleting=deleting)
                if moved is None:
                    raise _overtaken(found)
            return queued

        try:
            queued = self.store.transaction(requeue)
        except Conflict:
            raise _overtaken(found) from None
        if queued is None:
            raise AppError(
                "task_not_ended_badly",
                "Only a task that was given up or refused can be queued again.",
                hint="Look at its state now.",
                status=409,
            )
        self.store.audit.add("task.requeue", caller.name, queued.project, address, task=queued.id, verb=queued.verb)
        return queued

    def discard(self, caller: Caller, task_id: str, address: str = "") -> Task:
        """Return the dead task, now cancelled; its project stays as it is.

        Raises:
            AppError: `task_not_found` (404), `task_not_dead` (409); `forbidden`.
        """
        require_site(caller, Action.TASK_MANAGE)
        self._get(task_id)
        discarded = self.store.tasks.discard(task_id)
        if discarded is None:
            raise AppError(
                "task_not_dead",
                "Only a task that was given up can be discarded.",
                hint="Others are forgotten by themselves, thirty days after their end.",
                status=409,
            )
        self.store.audit.add(
            "task.discard", caller.name, discarded.project, address, task=discarded.id, verb=discarded.verb
        )
        return discarded

    def _get(self, task_id: str) -> Task:
        found = self.store.tasks.get(task_id)
        if found is None:
            raise task_not_found()
        return found


def task_not_found() -> AppError:
    """Return the refusal for a task that there is not, or that the caller may not see."""
    return AppError("task_not_found", "There is no such task, or it is not yours.", status=404)


def _overtaken(task: Task) -> AppError:
    return AppError(
        "task_overtaken",
        f"Something newer decided over {task.project} since this task ended.",
        hint="Look at the project; discard the task.",
        status=409,
    )
