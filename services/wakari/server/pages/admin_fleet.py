# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleet jobs: check, compare and converge the machines of the site, and watch it."""

from __future__ import annotations

from typing import Any, cast

from werkzeug.wrappers import Response

from wakari.access import Action
from wakari.core.errors import AppError
from wakari.fleet.jobs import KINDS
from wakari.server import who
from wakari.server.pages.admin import needs
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import attempt, back, field, me, page
from wakari.server.services import services
from wakari.store.fleet import FleetJob, FleetKind

FLEET = "/admin/fleet"
SHOWN = 50  # jobs
EVENTS = 500  # the last ones of a job


@blueprint.get(FLEET)
@needs(Action.FLEET_RUN)
def admin_fleet() -> tuple[str, int]:
    """Return the jobs, and what may be asked for."""
    store = services().store
    return page(
        "admin/fleet.html",
        tab="fleet",
        on=services().fleet.folder is not None,
        kinds=KINDS,
        jobs=store.fleet_jobs.latest(SHOWN),
        nodes=store.nodes.page("", 0),
    )


@blueprint.post(FLEET)
@needs(Action.FLEET_RUN)
def admin_ask_fleet() -> Response:
    """Run a job of the list."""
    kind, node, caller = field("kind", 20), field("node", 64) or None, me().caller
    asked: list[FleetJob] = []

    def ask() -> None:
        if kind not in KINDS:
            raise AppError("fleet_kind_unknown", "There is no such job.", hint="Take one of the page.")
        asked.append(services().fleet.ask(caller, cast("FleetKind", kind), node, who.address()))

    attempt(ask)
    return back(f"{FLEET}/{asked[0].id}" if asked else FLEET)


@blueprint.get(f"{FLEET}/<job>")
@needs(Action.FLEET_RUN)
def admin_fleet_job(job: str) -> tuple[str, int]:
    """Return a job with what it found and did."""
    return page("admin/fleet_job.html", tab="fleet", **_job(job))


@blueprint.get(f"{FLEET}/<job>/live")
@needs(Action.FLEET_RUN)
def admin_fleet_live(job: str) -> tuple[str, int]:
    """Return the part of the page that changes; once the job ended it asks no more."""
    return page("admin/_fleet_job.html", **_job(job))


@blueprint.post(f"{FLEET}/<job>/cancel")
@needs(Action.FLEET_RUN)
def admin_cancel_fleet(job: str) -> Response:
    """End a job."""
    caller = me().caller
    attempt(lambda: services().fleet.cancel(caller, job, who.address()), "The job is being cancelled.")
    return back(f"{FLEET}/{job[:64]}")


def _job(job_id: str) -> dict[str, Any]:
    job = services().fleet.get(me().caller, job_id)
    events = services().store.fleet_events.last(job.id, EVENTS)
    return {"job": job, "kind": KINDS[job.kind], "events": events}
