# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/v1/fleet-jobs: jobs over all machines of the site."""

from __future__ import annotations

import re
from datetime import datetime

from pydantic import Field

from wakari.access import Action, Caller, require_site
from wakari.server import who
from wakari.server.api.models.base import In, Out
from wakari.server.api.routing import Page, Window, page_of_all
from wakari.server.api.table import TABLE
from wakari.server.services import services
from wakari.store.fleet import FleetEvent, FleetJob, FleetKind, FleetState, FleetStatus

MOST = 1000  # jobs of a list; they are forgotten after ninety days


class NewFleetJob(In):
    """A job to run. `node`: for `converge`, a registered compute node."""

    kind: FleetKind
    node: str | None = Field(default=None, max_length=64)


class FleetJobOut(Out):
    """A job. `current`: the task it is at; `counts`: results of tasks on hosts (ok, changed, failed, ...)."""

    id: str
    kind: FleetKind
    node: str | None
    requested_by: str
    state: FleetState
    reason: str
    current: str
    counts: dict[str, int]
    events: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, job: FleetJob) -> FleetJobOut:
        """Return the job as the API shows it."""
        return cls.model_validate(job.model_dump())


class FleetEventOut(Out):
    """One thing that a job found or did: a task that changed something (or would), failed, or a note of Ansible."""

    seq: int
    at: datetime
    host: str
    task: str
    status: FleetStatus
    message: str

    @classmethod
    def of(cls, event: FleetEvent) -> FleetEventOut:
        """Return the event as the API shows it."""
        return cls.model_validate(event.model_dump())


@TABLE.add(
    "GET",
    "/fleet-jobs",
    "List jobs over all machines, newest first",
    action=Action.FLEET_RUN,
    answer=FleetJobOut,
    paged=True,
)
def index(caller: Caller, window: Window) -> Page[FleetJobOut]:
    """Return jobs."""
    require_site(caller, Action.FLEET_RUN)
    return page_of_all(services().store.fleet_jobs.latest(MOST), window, lambda job: job.id, FleetJobOut.of)


@TABLE.add(
    "POST",
    "/fleet-jobs",
    "Run a job over all machines, or on one node",
    action=Action.FLEET_RUN,
    status=202,
    body=NewFleetJob,
    answer=FleetJobOut,
    errors=(404, 409),
)
def ask(caller: Caller, body: NewFleetJob) -> FleetJobOut:
    """Return the job, which waits for a worker."""
    return FleetJobOut.of(services().fleet.ask(caller, body.kind, body.node, who.address()))


@TABLE.add("GET", "/fleet-jobs/{job}", "See a job", action=Action.FLEET_RUN, answer=FleetJobOut, errors=(404,))
def show(caller: Caller, job: str) -> FleetJobOut:
    """Return the job."""
    return FleetJobOut.of(services().fleet.get(caller, job))


@TABLE.add(
    "GET",
    "/fleet-jobs/{job}/events",
    "List what a job found and did, in order",
    action=Action.FLEET_RUN,
    answer=FleetEventOut,
    paged=True,
    errors=(404,),
)
def events(caller: Caller, window: Window, job: str) -> Page[FleetEventOut]:
    """Return events; the cursor of the last one brings those that came since."""
    found = services().fleet.get(caller, job)
    after = int(window.after) if re.fullmatch("[0-9]{1,9}", window.after) else 0
    listed = services().store.fleet_events.of(found.id, after, window.limit + 1)
    more = len(listed) > window.limit
    items = listed[: window.limit]
    return Page([FleetEventOut.of(one) for one in items], str(items[-1].seq) if more else None)


@TABLE.add(
    "POST", "/fleet-jobs/{job}/cancel", "Cancel a job", action=Action.FLEET_RUN, answer=FleetJobOut, errors=(404, 409)
)
def cancel(caller: Caller, job: str) -> FleetJobOut:
    """Return the job: cancelled, or about to end."""
    return FleetJobOut.of(services().fleet.cancel(caller, job, who.address()))
