# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a project: team, description, limits, nodes, another owner, removal."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from flask import render_template, request
from markupsafe import Markup
from pydantic import ValidationError
from werkzeug.wrappers import Response

from wakari.access import LEVEL_OF_ROLE, Action, has
from wakari.access.questions import require
from wakari.core.errors import AppError, BadInputError
from wakari.core.messages import Limits
from wakari.projects.create import MAX_DESCRIPTION
from wakari.projects.lifecycle import check_files
from wakari.server import who
from wakari.server.api import activity
from wakari.server.markdown import rendered
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.project import visible_here
from wakari.server.pages.view import attempt, back, field, me, page, signed_in
from wakari.server.services import services
from wakari.store.records import Project

OFFERED = 8  # people to pick from


@dataclass(frozen=True)
class Draft:
    """What stands in the form of the description."""

    summary: str
    tags: str
    description: str
    public: bool


@blueprint.get("/<owner>/<name>/settings")
@signed_in
def project_settings(owner: str, name: str) -> tuple[str, int]:
    """Return team, description and deletion."""
    project = visible_here(owner, name)
    require(me().caller, Action.PROJECT_TEAM, project)
    return _settings(project, Draft(project.summary, " ".join(project.tags), project.description, project.public))


@blueprint.get("/<owner>/<name>/people")
@signed_in
def offer_people(owner: str, name: str) -> Response:
    """Return people to pick for the team whose names begin as typed, as options of the form's list."""
    project = visible_here(owner, name)
    require(me().caller, Action.PROJECT_TEAM, project)
    letters = request.args.get("user", "")[:64].strip().lower()
    there = {project.owner, *(entry.user for entry in project.members)}
    found = services().store.users.beginning(letters, OFFERED + len(there))
    people = [user for user in found if user.name not in there][:OFFERED]
    return Response(render_template("_people.html", people=people), mimetype="text/html")


@blueprint.post("/<owner>/<name>/settings")
@signed_in
def update_project(owner: str, name: str) -> Response | tuple[str, int]:
    """Change summary, tags, description and visibility; or show how the description will look, and change nothing."""
    project = visible_here(owner, name)
    require(me().caller, Action.PROJECT_UPDATE, project)
    written = request.form.get("description", project.description)
    draft = Draft(field("summary"), field("tags"), written, field("visibility") == "public")

    def change() -> None:
        tagged = services().social.tag(me().caller, project, draft.tags.replace(",", " ").split(), who.address())
        services().creation.update(
            me().caller,
            tagged,
            summary=draft.summary,
            description=draft.description,
            public=draft.public,
            address=who.address(),
        )

    if request.form.get("preview"):
        return _settings(project, draft, preview=rendered(written[:MAX_DESCRIPTION]))
    if not attempt(change, "The project is changed."):
        return _settings(project, draft, HTTPStatus.UNPROCESSABLE_ENTITY)  # with what was typed
    return back(f"/{project.path}/settings")


@blueprint.post("/<owner>/<name>/limits")
@signed_in
def limit_project(owner: str, name: str) -> Response:
    """Limit what the project may use."""
    project = visible_here(owner, name)
    attempt(
        lambda: services().creation.limit(me().caller, project, _limits_of_form(), who.address()),
        "The limits are changed. They reach running apps within seconds.",
    )
    return back(f"/{project.path}/settings")


@blueprint.post("/<owner>/<name>/nodes")
@signed_in
def move_project(owner: str, name: str) -> Response:
    """Move the project to the nodes that are ticked."""
    project = visible_here(owner, name)
    done = attempt(
        lambda: services().moving.move(me().caller, project, request.form.getlist("node"), who.address()),
        "The project moves as soon as its nodes have shown that they share its files.",
    )
    return back(f"/{project.path}" if done else f"/{project.path}/settings")


@blueprint.post("/<owner>/<name>/team")
@signed_in
def put_member(owner: str, name: str) -> Response:
    """Put a person into the team, or change their role."""
    project = visible_here(owner, name)
    user, role = field("user"), field("role")
    attempt(lambda: services().team.put(me().caller, project, user, role, who.address()), f"{user} is in the team now.")
    return back(f"/{project.path}/settings")


@blueprint.post("/<owner>/<name>/team/remove")
@signed_in
def remove_member(owner: str, name: str) -> Response:
    """Take a person out of the team; who leaves by themselves goes to the first page."""
    project = visible_here(owner, name)
    user = field("user")
    done = attempt(
        lambda: services().team.remove(me().caller, project, user, who.address()), f"{user} is no longer in the team."
    )
    return back("/" if done and user == me().user.name else f"/{project.path}/settings")


@blueprint.post("/<owner>/<name>/transfer")
@signed_in
def transfer_project(owner: str, name: str) -> Response:
    """Hand the project over, once its name was typed."""
    project = visible_here(owner, name)
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
    """Remove the project, once its name was typed; its files are archived where nothing else was chosen."""
    project = visible_here(owner, name)
    require(me().caller, Action.PROJECT_DELETE, project)

    def delete() -> None:
        if field("confirm") != project.name:
            raise AppError("not_confirmed", "The project was not removed.", hint="Type its name to confirm.")
        files = check_files(field("files") or "archive")
        services().lifecycle.delete(me().caller, project, who.address(), files=files)

    done = attempt(delete)
    return back(f"/{project.path}" if done else f"/{project.path}/settings")


def _settings(
    project: Project, draft: Draft, status: int = HTTPStatus.OK, *, preview: Markup | None = None
) -> tuple[str, int]:
    return page(
        "project_settings.html",
        status,
        project=project,
        draft=draft,
        longest=MAX_DESCRIPTION,
        preview=preview,
        nodes=lambda: [node.name for node in services().store.nodes.of(project.data_center)],  # superusers' alone
        activity=activity.project_activity(me().caller, project),
        roles=[role for role in LEVEL_OF_ROLE if role != "owner"],
    )


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
