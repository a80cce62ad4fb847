# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue. A task is claimed by one atomic update and held by a lease; a lost lease writes nothing any more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from wakari.core.messages import Files
from wakari.store.base import Transaction, new_id, now
from wakari.store.errors import Conflict, translated
from wakari.store.records import Project, Task, TaskVerb
from wakari.store.repository import Repository

KEPT_PROGRESS = 200  # lines a task keeps
LOOK_AHEAD = 50  # candidates read at once; some may belong to projects with a task at work
QUEUE_ORDER = (("priority", 1), ("run_after", 1))
ENDED_BADLY = ("dead", "failed")


class Tasks(Repository[Task]):
    """The tasks."""

    kind = Task

    def get(self, task_id: str) -> Task | None:
        """Return the task; None where there is none."""
        return self._one({"_id": task_id})

    def add(
        self,
        project: Project,
        verb: TaskVerb,
        requested_by: str,
        tx: Transaction,
        task_id: str = "",
        *,
        files: Files = "archive",
        nodes: Iterable[str] = (),
    ) -> Task:
        """Return the queued task; raise Conflict where one of this verb waits for the project already.

        `files`: what becomes of them, for `remove-project` alone; `nodes`: where it shall live, for `move-project`.
        """
        moment = now()
        return self._insert(
            {
                "_id": task_id or new_id(),
                "verb": verb,
                "project_id": project.id,
                "waiting_project": project.id,
                "project": project.path,
                "requested_by": requested_by,
                "files": files,
                "nodes": list(nodes),
                "state": "queued",
                "priority": 5,
                "progress": [],
                "attempts": 0,
                "run_after": moment,
                "created_at": moment,
            },
            tx,
        )

    def waiting(self, project_id: str, verb: TaskVerb, tx: Transaction = None) -> Task | None:
        """Return the waiting task of this verb; None where there is none."""
        return self._one({"waiting_project": project_id, "verb": verb}, tx)

    def cancel_waiting(self, project_id: str, verbs: Iterable[TaskVerb], tx: Transaction) -> None:
        """Cancel the waiting and the dead tasks of a project that a later wish of its people makes pointless."""
        with translated(tx):
            self._documents.update_many(
                {"project_id": project_id, "state": {"$in": ["queued", "dead"]}, "verb": {"$in": list(verbs)}},
                {"$set": {"state": "cancelled", "finished_at": now()}, "$unset": {"waiting_project": ""}},
                session=tx,
            )

    def cancel(self, task_id: str, verbs: Iterable[TaskVerb], tx: Transaction) -> Task | None:
        """Return the task, cancelled; None where it does not wait or is none of these verbs."""
        where = {"_id": task_id, "state": "queued", "verb": {"$in": list(verbs)}}
        fields = {"state": "cancelled", "finished_at": now()}
        return self._change(where, {"$set": fields, "$unset": {"waiting_project": ""}}, tx)

    def claim(self, worker: str, lease: float) -> Task | None:
        """Return a task that is now this worker's for `lease` seconds; None where nothing is to be done.

        A task whose former worker let its lease run out is taken up again.
        """
        moment = now()
        due: dict[str, Any] = {
            "$or": [
                {"state": "queued", "run_after": {"$lte": moment}},
                {"state": "running", "lease.until": {"$lt": moment}},
            ]
        }
        for candidate in self._many(due, QUEUE_ORDER, LOOK_AHEAD):
            try:
                claimed = self._claim(candidate.id, due, worker, moment, lease)
            except Conflict:
                continue  # another task of this project is at work
            if claimed is not None:
                return claimed
        return None

    def _claim(self, task_id: str, due: Mapping[str, Any], worker: str, moment: datetime, lease: float) -> Task | None:
        held = {"worker": worker, "until": moment + timedelta(seconds=lease)}
        changes = {
            "state": "running",
            "running_project": "$project_id",
            "attempts": {"$add": ["$attempts", 1]},
            "lease": held,
            "started_at": {"$ifNull": ["$started_at", moment]},
        }
        return self._change({"_id": task_id, **due}, [{"$set": changes}, {"$unset": "waiting_project"}])

    def renew(self, task: Task, worker: str, lease: float) -> bool:
        """Return whether the task is still this worker's; if so its lease runs for `lease` seconds more."""
        until = now() + timedelta(seconds=lease)
        return self._change(_held(task, worker), {"$set": {"lease.until": until}}) is not None

    def progress(self, task: Task, worker: str, line: Mapping[str, Any]) -> bool:
        """Add a line of progress; return False where the task is no longer this worker's."""
        push = {"progress": {"$each": [dict(line)], "$slice": -KEPT_PROGRESS}}
        return self._change(_held(task, worker), {"$push": push}) is not None

    def finish(
        self, task: Task, worker: str, error: Mapping[str, Any] | None, tx: Transaction, *, dead: bool = False
    ) -> bool:
        """End the task: done, failed or, given up after its last attempt, dead.

        Returns False where it is no longer this worker's. A dead task is not finished: no day comes that forgets it.
        """
        fields: dict[str, Any] = {
            "state": ("dead" if dead else "failed") if error else "done",
            "error": dict(error) if error else None,
        }
        if not dead:
            fields["finished_at"] = now()
        ended = self._change(_held(task, worker), {"$set": fields, "$unset": _FREE}, tx)
        return ended is not None

    def retry(self, task: Task, worker: str, delay: float, error: Mapping[str, Any] | None = None) -> bool:
        """Queue the task again, `delay` seconds from now; return False where it is no longer this worker's.

        Where a newer task of the same verb waits already, this one is cancelled: the newer does the work.
        """
        fields: dict[str, Any] = {"state": "queued", "run_after": now() + timedelta(seconds=delay)}
        if error:
            fields["error"] = dict(error)
        try:
            queued = self._change(
                _held(task, worker),
                {"$set": {**fields, "waiting_project": task.project_id}, "$unset": _FREE},
            )
        except Conflict:
            cancelled = {"state": "cancelled", "finished_at": now()}
            queued = self._change(_held(task, worker), {"$set": cancelled, "$unset": _FREE})
        return queued is not None

    def release(self, task: Task, worker: str) -> bool:
        """Give the task back at once, as if it had not been claimed; return False where it is not this worker's."""
        given = self._change(_held(task, worker), {"$inc": {"attempts": -1}})
        return given is not None and self.retry(given, worker, 0)

    def requeue(self, task: Task, tx: Transaction) -> Task | None:
        """Return the dead or failed task, queued again with all its attempts before it; None where it is neither.

        The count of attempts goes on, being the fence against workers that held the task before. Raises Conflict
        where a newer task of the same verb waits for the project.
        """
        where = {"_id": task.id, "state": {"$in": list(ENDED_BADLY)}}
        changes = {
            "state": "queued",
            "run_after": now(),
            "waiting_project": "$project_id",
            "forgiven": "$attempts",
            "error": None,
        }
        return self._change(where, [{"$set": changes}, {"$unset": "finished_at"}], tx)

    def discard(self, task_id: str) -> Task | None:
        """Return the dead task, now cancelled; None where it is not dead."""
        return self._change({"_id": task_id, "state": "dead"}, {"$set": {"state": "cancelled", "finished_at": now()}})

    def page(
        self, *, requested_by: str | None, before: str | None, limit: int, filters: Mapping[str, str] | None = None
    ) -> list[Task]:
        """Return tasks, newest first; those of one person, those behind `before`, those of a state, where given."""
        where: dict[str, Any] = dict(filters or {})
        if requested_by is not None:
            where["requested_by"] = requested_by
        if before is not None:
            anchor = self.get(before)
            if anchor is None:
                return []
            where["$or"] = [
                {"created_at": {"$lt": anchor.created_at}},
                {"created_at": anchor.created_at, "_id": {"$lt": anchor.id}},
            ]
        return self._many(where, (("created_at", -1), ("_id", -1)), limit)

    def of_project(self, project_id: str, limit: int) -> list[Task]:
        """Return a project's tasks, newest first."""
        return self._many({"project_id": project_id}, (("created_at", -1),), limit)

    def workers(self) -> dict[str, int]:
        """Return the workers that hold a task now, with how many each holds."""
        pipeline: list[dict[str, Any]] = [
            {"$match": {"state": "running", "lease.until": {"$gt": now()}}},
            {"$group": {"_id": "$lease.worker", "count": {"$sum": 1}}},
            {"$sort": {"_id": 1}},
        ]
        with translated():
            return {row["_id"]: row["count"] for row in self._documents.aggregate(pipeline)}

    def moving_to(self, node: str) -> int:
        """Return the number of tasks that wait or are at work, and bring a project to this node."""
        return self._count({"nodes": node, "state": {"$in": ["queued", "running"]}})

    def by_state(self) -> dict[str, int]:
        """Return the number of tasks in each state that has any."""
        return self._count_by("state")

    def oldest_due(self) -> float:
        """Return for how many seconds the task that waits longest could have been begun; 0 for none."""
        moment = now()
        oldest = self._one({"state": "queued", "run_after": {"$lte": moment}}, sort=(("run_after", 1),))
        return (moment - oldest.run_after).total_seconds() if oldest else 0.0

    def count(self, state: str) -> int:
        """Return the number of tasks in a state."""
        return self._count({"state": state})


_FREE = {"lease": "", "running_project": ""}


def _held(task: Task, worker: str) -> dict[str, Any]:
    # The number of attempts is the fence: who claims after us raises it, and our writes match nothing any more.
    return {"_id": task.id, "state": "running", "lease.worker": worker, "attempts": task.attempts}
