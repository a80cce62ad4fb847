# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs over all machines of the site, and what happened in them. One at a time: an index holds the others off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from wakari.store.base import Record, new_id, now
from wakari.store.records import Lease
from wakari.store.repository import Repository

FleetKind = Literal["validate", "drift", "converge"]
FleetState = Literal["queued", "running", "done", "failed", "cancelled"]
FleetStatus = Literal["changed", "failed", "unreachable", "note"]
MAX_EVENTS = 5000  # kept of one job; what came after is counted alone


class FleetJob(Record):
    """A job. `current`: the task it is at; `counts`: results of tasks on hosts; `wish`: who asked it to end."""

    id: str = Field(alias="_id")
    kind: FleetKind
    node: str | None = None
    requested_by: str
    state: FleetState = "queued"
    reason: str = ""
    current: str = ""
    wish: str = ""
    counts: dict[str, int] = Field(default_factory=dict)
    events: int = 0
    lease: Lease | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None


class FleetEvent(Record):
    """One thing that a job found or did."""

    id: str = Field(alias="_id")
    job: str
    seq: int
    at: datetime
    host: str = ""
    task: str = ""
    status: FleetStatus
    message: str = ""


class FleetJobs(Repository[FleetJob]):
    """The jobs."""

    kind = FleetJob

    def add(self, kind: FleetKind, node: str | None, requested_by: str) -> FleetJob:
        """Return the new job; raise Conflict while another waits or runs."""
        return self._insert(
            {
                "_id": new_id(),
                "kind": kind,
                "node": node,
                "requested_by": requested_by,
                "state": "queued",
                "busy": True,
                "created_at": now(),
            }
        )

    def get(self, job_id: str) -> FleetJob | None:
        """Return the job; None where there is none."""
        return self._one({"_id": job_id})

    def latest(self, limit: int) -> list[FleetJob]:
        """Return jobs, newest first."""
        return self._many({}, (("created_at", -1),), limit)

    def claim(self, worker: str, lease: float) -> FleetJob | None:
        """Return the job that is now this worker's; None where none waits."""
        moment = now()
        held = {"worker": worker, "until": moment + timedelta(seconds=lease)}
        return self._change({"state": "queued"}, {"$set": {"state": "running", "lease": held, "started_at": moment}})

    def renew(self, job_id: str, worker: str, lease: float, fields: Mapping[str, Any]) -> FleetJob | None:
        """Return the job with its present figures and a new lease; None where it is not this worker's any more."""
        until = now() + timedelta(seconds=lease)
        return self._change(_held(job_id, worker), {"$set": {**fields, "lease.until": until}})

    def finish(self, job_id: str, worker: str, state: FleetState, reason: str, fields: Mapping[str, Any]) -> bool:
        """End the job; return False where it is not this worker's any more."""
        ended = {**fields, "state": state, "reason": reason, "current": "", "finished_at": now()}
        return self._change(_held(job_id, worker), {"$set": ended, "$unset": _FREE}) is not None

    def cancel_waiting(self, job_id: str, name: str) -> FleetJob | None:
        """Return the job, cancelled before it began; None where it does not wait."""
        ended = {"state": "cancelled", "wish": name, "finished_at": now()}
        return self._change({"_id": job_id, "state": "queued"}, {"$set": ended, "$unset": _FREE})

    def wish_end(self, job_id: str, name: str) -> FleetJob | None:
        """Return the running job, which its worker ends within seconds; None where it does not run."""
        return self._change({"_id": job_id, "state": "running"}, {"$set": {"wish": name}})

    def bury(self, reason: str) -> FleetJob | None:
        """Return a job whose worker does not live any more, now failed; None where there is none.

        It is not begun again by itself: nobody knows how far it came.
        """
        moment = now()
        ended = {"state": "failed", "reason": reason, "current": "", "finished_at": moment}
        where = {"state": "running", "lease.until": {"$lt": moment}}
        return self._change(where, {"$set": ended, "$unset": _FREE})


class FleetEvents(Repository[FleetEvent]):
    """What happened in jobs, in order."""

    kind = FleetEvent

    def add(self, job: str, seq: int, fields: Mapping[str, str]) -> FleetEvent:
        """Return the new event."""
        return self._insert({"_id": f"{job}/{seq:06}", "job": job, "seq": seq, "at": now(), **fields})

    def of(self, job: str, after: int, limit: int) -> list[FleetEvent]:
        """Return a job's events behind a number, in order."""
        return self._many({"job": job, "seq": {"$gt": after}}, (("seq", 1),), limit)

    def last(self, job: str, limit: int) -> list[FleetEvent]:
        """Return a job's last events, in order."""
        return self._many({"job": job}, (("seq", -1),), limit)[::-1]


_FREE = {"lease": "", "busy": ""}


def _held(job_id: str, worker: str) -> dict[str, Any]:
    return {"_id": job_id, "state": "running", "lease.worker": worker}
