# SPDX-License-Identifier: GPL-3.0-or-later
"""The first page: my projects, and those I contribute to."""

from __future__ import annotations

from werkzeug.wrappers import Response

from wakari.core.errors import AppError
from wakari.server import who
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import back, field, me, page, signed_in
from wakari.server.services import services
from wakari.store.records import Project

SHOWN = 50  # projects of each list; /projects has all


@blueprint.get("/")
@signed_in
def dashboard() -> tuple[str, int]:
    """Return the lists."""
    name = me().user.name
    projects = services().store.projects
    joined = projects.joined(name, SHOWN + 1, me().user.groups)
    return page(
        "dashboard.html",
        own=projects.owned(name, SHOWN),
        own_count=projects.count(owner=name),
        joined=joined[:SHOWN],
        more_joined=len(joined) > SHOWN,
        public=_public(name),
    )


@blueprint.get("/new")
@signed_in
def new_project() -> tuple[str, int]:
    """Return the form."""
    return _form(200, public=services().creation.default_public())


@blueprint.post("/new")
@signed_in
def create_project() -> Response | tuple[str, int]:
    """Create the project and show it; or the form again with what is wrong."""
    name, summary, public = field("name"), field("summary"), field("visibility") == "public"
    data_center = field("data_center")
    try:
        project = services().creation.create(
            me().caller, name, summary=summary, public=public, data_center=data_center or None, address=who.address()
        )
    except AppError as error:
        return _form(error.status, error=error, name=name, summary=summary, public=public, chosen=data_center)
    return back(f"/{project.path}")


def _form(status: int, **context: object) -> tuple[str, int]:
    return page("project_new.html", status, data_centers=services().store.data_centers.all(), **context)


def _public(name: str) -> list[Project]:
    """Return some public projects of others."""
    found = services().store.projects.page({"public": True}, None, 20)
    held = me().user.groups
    return [
        project
        for project in found
        if project.owner != name
        and all(member.user != name for member in project.members)
        and all(shared.group not in held for shared in project.groups)
    ]
