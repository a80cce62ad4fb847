# SPDX-License-Identifier: GPL-3.0-or-later
"""One task from claim to end: progress stored as it comes, retries with back-off, the project's state at the end."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from wakari.core import logs
from wakari.core.errors import AppError, UnavailableError
from wakari.core.messages import Progress
from wakari.store import Store
from wakari.store.base import Transaction
from wakari.store.records import State, Task
from wakari.worker.jobs import FIRST_SERVER_ERROR, LASTING, PASSING, Jobs

log = logging.getLogger(__name__)

LEASE = 30.0  # seconds without a renewal after which another worker takes the task
MAX_ATTEMPTS = 5
BACK_OFF = 2.0  # seconds before the second attempt, doubled for each later one
LONGEST_BACK_OFF = 60.0

END: Mapping[str, State] = {
    "start-project": "running",
    "stop-project": "stopped",
    "transfer-project": "stopped",
    "move-project": "stopped",
}
WHAT: Mapping[str, str] = {
    "start-project": "It could not be started",
    "stop-project": "It could not be stopped",
    "remove-project": "It could not be deleted",
    "apply-permissions": "The team's rights could not be applied",
    "apply-settings": "SSH keys and limits could not be applied",
    "transfer-project": "It could not be handed over",
    "move-project": "It could not be moved to other nodes",
}


class LeaseLostError(Exception):
    """Another worker has the task; nothing more is to be written."""


@dataclass
class Runner:
    """Runs claimed tasks for one worker. `claimed` are those at work, for whoever renews the leases."""

    store: Store
    jobs: Jobs
    worker: str
    claimed: dict[str, Task] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)

    def run(self, task: Task) -> None:
        """Do the task and write how it ended. Never raises for what the task meets."""
        logs.take_request_id(f"task-{task.id}")
        log.info("task begins", extra=_facts(task))
        self.claimed[task.id] = task
        try:
            self._run(task)
        except LeaseLostError:
            log.warning("task lost to another worker", extra=_facts(task))
        finally:
            self.claimed.pop(task.id, None)
            self.lost.discard(task.id)

    def renew(self) -> None:
        """Renew the leases of all tasks at work; note those that are lost."""
        for task in list(self.claimed.values()):
            if not self.store.tasks.renew(task, self.worker, LEASE):
                self.lost.add(task.id)

    def release(self) -> None:
        """Give back what is still at work, for the next worker to begin again at once."""
        for task in list(self.claimed.values()):
            self.lost.add(task.id)
            if self.store.tasks.release(task, self.worker):
                log.info("task released", extra=_facts(task))

    def _run(self, task: Task) -> None:
        project = self.store.projects.by_id(task.project_id)
        if project is None:
            self._end(task, None)  # deleted meanwhile: nothing is left to do
            return
        try:
            self.jobs.run(task, project, lambda progress: self._said(task, progress))
        except AppError as error:
            self._failed(task, error)
        except LeaseLostError:
            raise
        except Exception as error:
            log.exception("unexpected error in a task", extra=_facts(task))
            where = f"{task.verb} {task.project}"
            self.store.exceptions.take(
                error, service="wakari-worker", where=where, user=task.requested_by, request_id=logs.request_id()
            )
            self._failed(task, UnavailableError("internal_error", "Something went wrong in wakari-worker."))
        else:
            self._end(task, None)

    def _said(self, task: Task, progress: Progress) -> None:
        line = progress.model_dump(mode="json")
        if task.id in self.lost or not self.store.tasks.progress(task, self.worker, line):
            raise LeaseLostError
        self.store.projects.set_progress(task.project_id, task.id, line)

    def _failed(self, task: Task, error: AppError) -> None:
        if task.id in self.lost:
            raise LeaseLostError
        body = error.body(logs.request_id())["error"]
        passing = isinstance(error, UnavailableError) or error.code in PASSING or error.status >= FIRST_SERVER_ERROR
        # What waits for a node here is never given up: somebody who left a team must not keep files and keys.
        if passing and (task.attempts - task.forgiven < MAX_ATTEMPTS or task.verb in LASTING):
            delay = min(BACK_OFF * 2 ** min(task.attempts - task.forgiven - 1, 10), LONGEST_BACK_OFF)
            if self.store.tasks.retry(task, self.worker, delay, body):
                log.warning("task will be tried again", extra={**_facts(task), "delay": delay, "error": error.message})
                return
            raise LeaseLostError
        self._end(task, body, dead=passing)

    def _end(self, task: Task, error: Mapping[str, Any] | None, *, dead: bool = False) -> None:
        reason = f"{WHAT[task.verb]}: {error['message']}" if error else None

        def end(tx: Transaction) -> bool:
            if not self.store.tasks.finish(task, self.worker, error, tx, dead=dead):
                return False
            if task.verb in LASTING and task.verb not in END:
                # Keys and limits that a node refuses are told with the task: nobody is locked out of a running project.
                if reason and task.verb == "apply-permissions":
                    self.store.projects.fail(task.project_id, reason, tx)
            elif reason:
                self.store.projects.settle(task.project_id, task.id, "error", reason, tx)
            elif task.verb == "remove-project":
                self.store.projects.remove(task.project_id, task.id, tx)
                self.store.uses.forget(task.project_id, tx)
                self.store.drifts.forget(task.project_id, tx)
                self.store.stars.forget(task.project_id, tx)
            else:
                self.store.projects.settle(task.project_id, task.id, END[task.verb], None, tx)
            return True

        if not self.store.transaction(end):
            raise LeaseLostError
        ended = ("dead" if dead else "failed") if error else "done"
        self.store.audit.add(f"task.{ended}", "worker", task.project, verb=task.verb, task=task.id)
        log.info("task ended", extra={**_facts(task), "error": error["message"] if error else None})


def _facts(task: Task) -> dict[str, Any]:
    return {"task": task.id, "verb": task.verb, "project": task.project, "attempt": task.attempts}
