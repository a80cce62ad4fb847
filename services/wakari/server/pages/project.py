# SPDX-License-Identifier: GPL-3.0-or-later
"""A project: its state as it changes, its apps, its team, its settings."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import render_template, request
from pydantic import ValidationError
from werkzeug.wrappers import Response

from wakari.access import LEVEL_OF_ROLE, Action, has
from wakari.access.questions import not_found, require
from wakari.core.errors import AppError, BadInputError
from wakari.core.messages import Limits
from wakari.server import who
from wakari.server.api import activity
from wakari.server.api.present import Places, app_url, offered, visible
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import attempt, back, field, me, page, signed_in
from wakari.server.services import services
from wakari.store.records import Project

HISTORY = 10  # tasks shown on the page
OFFERED = 8  # people to pick from


@blueprint.get("/<owner>/<name>")
@signed_in
def project_page(owner: str, name: str) -> tuple[str, int]:
    """Return the page."""
    project = _visible(owner, name)
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
        project = _visible(owner, name)
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
    project = _visible(owner, name)
    attempt(lambda: services().lifecycle.start(me().caller, project, who.address()))
    return back(f"/{project.path}")


@blueprint.post("/<owner>/<name>/stop")
@signed_in
def stop_project(owner: str, name: str) -> Response:
    """Stop the project."""
    project = _visible(owner, name)
    attempt(lambda: services().lifecycle.stop(me().caller, project, who.address()))
    return back(f"/{project.path}")


@blueprint.post("/<owner>/<name>/cancel")
@signed_in
def cancel_task(owner: str, name: str) -> Response:
    """Call off the start or stop that waits."""
    project = _visible(owner, name)
    attempt(lambda: services().lifecycle.cancel(me().caller, project, who.address()), "It was cancelled.")
    return back(f"/{project.path}")


@blueprint.get("/<owner>/<name>/nodes")
@signed_in
def project_nodes(owner: str, name: str) -> tuple[str, int]:
    """Return how the project is on each of its nodes now; asks them."""
    project = _visible(owner, name)
    require(me().caller, Action.PROJECT_RUN, project)
    return page("project_nodes.html", project=project, places=activity.project_status(me().caller, project))


@blueprint.get("/<owner>/<name>/settings")
@signed_in
def project_settings(owner: str, name: str) -> tuple[str, int]:
    """Return team, description and deletion."""
    project = _visible(owner, name)
    require(me().caller, Action.PROJECT_TEAM, project)
    return page(
        "project_settings.html",
        project=project,
        activity=activity.project_activity(me().caller, project),
        roles=[role for role in LEVEL_OF_ROLE if role != "owner"],
    )


@blueprint.get("/<owner>/<name>/people")
@signed_in
def offer_people(owner: str, name: str) -> Response:
    """Return people to pick for the team whose names begin as typed, as options of the form's list."""
    project = _visible(owner, name)
    require(me().caller, Action.PROJECT_TEAM, project)
    letters = request.args.get("user", "")[:64].strip().lower()
    there = {project.owner, *(entry.user for entry in project.members)}
    found = services().store.users.beginning(letters, OFFERED + len(there))
    people = [user for user in found if user.name not in there][:OFFERED]
    return Response(render_template("_people.html", people=people), mimetype="text/html")


@blueprint.post("/<owner>/<name>/settings")
@signed_in
def update_project(owner: str, name: str) -> Response:
    """Change summary, tags and visibility."""
    project = _visible(owner, name)
    public = field("visibility") == "public"

    def change() -> None:
        tagged = services().social.tag(me().caller, project, field("tags").replace(",", " ").split(), who.address())
        services().creation.update(me().caller, tagged, summary=field("summary"), public=public, address=who.address())

    attempt(change, "The project is changed.")
    return back(f"/{project.path}/settings")


@blueprint.post("/<owner>/<name>/limits")
@signed_in
def limit_project(owner: str, name: str) -> Response:
    """Limit what the project may use."""
    project = _visible(owner, name)
    attempt(
        lambda: services().creation.limit(me().caller, project, _limits_of_form(), who.address()),
        "The limits are changed. They reach running apps within seconds.",
    )
    return back(f"/{project.path}/settings")


@blueprint.post("/<owner>/<name>/team")
@signed_in
def put_member(owner: str, name: str) -> Response:
    """Put a person into the team, or change their role."""
    project = _visible(owner, name)
    user, role = field("user"), field("role")
    attempt(lambda: services().team.put(me().caller, project, user, role, who.address()), f"{user} is in the team now.")
    return back(f"/{project.path}/settings")


@blueprint.post("/<owner>/<name>/team/remove")
@signed_in
def remove_member(owner: str, name: str) -> Response:
    """Take a person out of the team; who leaves by themselves goes to the first page."""
    project = _visible(owner, name)
    user = field("user")
    done = attempt(
        lambda: services().team.remove(me().caller, project, user, who.address()), f"{user} is no longer in the team."
    )
    return back("/" if done and user == me().user.name else f"/{project.path}/settings")


@blueprint.post("/<owner>/<name>/transfer")
@signed_in
def transfer_project(owner: str, name: str) -> Response:
    """Hand the project over, once its name was typed."""
    project = _visible(owner, name)
    require(me().caller, Action.PROJECT_TRANSFER, project)
    to, keep = field("owner"), field("keep") or None
    moved: list[Project] = []

    def hand_over() -> None:
        if field("confirm") != project.name:
            raise AppError("not_confirmed", "The project was not handed over.", hint="Type its name to confirm.")
        moved.append(services().transfer.hand_over(me().caller, project, to, keep=keep, address=who.address()))

    if not attempt(hand_over, f"{project.name} belongs to {to} now."):
        return back(f"/{project.path}/settings")
    return back(f"/{moved[0].path}" if has(me().caller, Action.PROJECT_READ, moved[0]) else "/")


@blueprint.post("/<owner>/<name>/delete")
@signed_in
def delete_project(owner: str, name: str) -> Response:
    """Delete the project, once its name was typed."""
    project = _visible(owner, name)
    require(me().caller, Action.PROJECT_DELETE, project)

    def delete() -> None:
        if field("confirm") != project.name:
            raise AppError("not_confirmed", "The project was not deleted.", hint="Type its name to confirm.")
        services().lifecycle.delete(me().caller, project, who.address())

    done = attempt(delete)
    return back(f"/{project.path}" if done else f"/{project.path}/settings")


def _visible(owner: str, name: str) -> Project:
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


def _limits_of_form() -> Limits:
    fields = {name: field(name, 16) or None for name in Limits.model_fields}
    numbers = {
        name: int(value) for name, value in fields.items() if value and value.isdecimal() and name != "memory_max"
    }
    try:
        return Limits.model_validate(fields | numbers)
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        raise BadInputError(
            "limits_invalid",
            f"The field {name} cannot be used.",
            hint="Memory is a number with K, M, G or T, like 8G; tasks are 16 or more; the processor is 1 to 100000 %.",
        ) from error


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
