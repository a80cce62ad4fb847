# SPDX-License-Identifier: GPL-3.0-or-later
"""A project: its state as it changes, its apps, its nodes."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import render_template, request
from werkzeug.wrappers import Response

from wakari.access import Action
from wakari.access.questions import not_found, require
from wakari.core.errors import AppError
from wakari.core.messages import Limits
from wakari.server import who
from wakari.server.api import activity
from wakari.server.api.present import Places, app_url, offered, visible
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import attempt, back, me, page, signed_in
from wakari.server.services import services
from wakari.store.records import Project

HISTORY = 10  # tasks shown on the page


@blueprint.get("/<owner>/<name>")
@signed_in
def project_page(owner: str, name: str) -> tuple[str, int]:
    """Return the page."""
    project = visible_here(owner, name)
    return page(
        "project.html",
        project=project,
        live=_live(project),
        activity=activity.project_activity(me().caller, project),
        tasks=services().store.tasks.of_project(project.id, HISTORY),
        data_center=services().store.data_centers.get(project.data_center),
        ssh_hosts=Places().ssh_hosts(me().caller, project),
        limits=limit_words(project.limits),
        starred=services().store.stars.has(project.id, me().user.name),
        related=services().social.related(me().caller, project),
    )


@blueprint.get("/<owner>/<name>/status")
@signed_in
def project_status(owner: str, name: str) -> Response:
    """Return the live part; 204, which htmx leaves alone, where it is what the page shows already."""
    try:
        project = visible_here(owner, name)
    except AppError:
        # Deleted while somebody looked at it, or they left the team.
        return Response(status=200, headers={"HX-Redirect": "/"})
    live = _live(project)
    if request.args.get("seen") == live["version"]:
        return Response(status=204)
    tasks = services().store.tasks.of_project(project.id, HISTORY)
    return Response(render_template("_live.html", project=project, live=live, tasks=tasks), mimetype="text/html")


@blueprint.post("/<owner>/<name>/start")
@signed_in
def start_project(owner: str, name: str) -> Response:
    """Start the project."""
    project = visible_here(owner, name)
    attempt(lambda: services().lifecycle.start(me().caller, project, who.address()))
    return back(f"/{project.path}")


@blueprint.post("/<owner>/<name>/stop")
@signed_in
def stop_project(owner: str, name: str) -> Response:
    """Stop the project."""
    project = visible_here(owner, name)
    attempt(lambda: services().lifecycle.stop(me().caller, project, who.address()))
    return back(f"/{project.path}")


@blueprint.post("/<owner>/<name>/cancel")
@signed_in
def cancel_task(owner: str, name: str) -> Response:
    """Call off the start or stop that waits."""
    project = visible_here(owner, name)
    attempt(lambda: services().lifecycle.cancel(me().caller, project, who.address()), "It was cancelled.")
    return back(f"/{project.path}")


@blueprint.get("/<owner>/<name>/nodes")
@signed_in
def project_nodes(owner: str, name: str) -> tuple[str, int]:
    """Return how the project is on each of its nodes now; asks them."""
    project = visible_here(owner, name)
    require(me().caller, Action.PROJECT_RUN, project)
    return page("project_nodes.html", project=project, places=activity.project_status(me().caller, project))


def visible_here(owner: str, name: str) -> Project:
    """Return the project of an address; raise AppError 404 where there is none or the person may not see it."""
    if not owner or not name:
        raise not_found()
    return visible(me().caller, owner, name)


def limit_words(limits: Limits) -> list[str]:
    """Return the limits in words; an empty list for none."""
    words = []
    if limits.memory_max is not None:
        words.append(f"memory {limits.memory_max}")
    if limits.tasks_max is not None:
        words.append(f"{limits.tasks_max} processes and threads")
    if limits.cpu_quota_percent is not None:
        words.append(f"processor {limits.cpu_quota_percent} % of a core")
    return words


def _live(project: Project) -> dict[str, Any]:
    """Return what changes while somebody looks at the page, with a version that changes with it."""
    place = services().store.data_centers.get(project.data_center)
    apps = [
        {"title": app.title, "summary": app.summary, "icon": app.icon, "url": app_url(place, project, app.name)}
        for app in offered(me().caller, project)
        if place is not None
    ]
    tasks = services().store.tasks.of_project(project.id, 1)
    told = activity.project_activity(me().caller, project)
    seen = (
        project.state,
        project.reason,
        project.progress,
        project.deleting,
        [(task.id, task.state) for task in tasks],
        [app["url"] for app in apps],
        [(one.app, one.at) for place in told.nodes for one in place.stopped],
        [
            (one.app, f"{one.stops_at:%H:%M}")
            for place in told.nodes
            for one in place.apps
            if one.warned and one.stops_at
        ],
    )
    version = hashlib.sha256(repr(seen).encode()).hexdigest()[:16]
    return {
        "version": version,
        "activity": told,
        "apps": apps,
        "changing": project.state in {"starting", "stopping"},
        "percent": _percent(project.progress),
    }


def _percent(progress: dict[str, Any] | None) -> int | None:
    fraction = (progress or {}).get("fraction")
    return round(100 * fraction) if isinstance(fraction, int | float) else None
