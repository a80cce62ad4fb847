# SPDX-License-Identifier: GPL-3.0-or-later
"""The lists of projects: one's own, shared with one, starred, public; each searched, and read page by page."""

from __future__ import annotations

from typing import cast, get_args

from flask import request
from werkzeug.wrappers import Response

from wakari.core.errors import BadInputError
from wakari.projects.social import Tab
from wakari.server.api.present import visible
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import attempt, back, field, me, page, signed_in
from wakari.server.services import services
from wakari.store.project_lists import Place

SHOWN = 25  # projects of one page
WORDS = {"own": "Mine", "shared": "Shared with me", "starred": "Starred", "public": "Public"}
MOST = 10  # tags and people beside the list


@blueprint.get("/projects")
@signed_in
def project_lists() -> tuple[str, int]:
    """Return one page of one list."""
    tab = request.args.get("tab", "own")
    if tab not in get_args(Tab):
        raise BadInputError("tab_unknown", "There is no such list of projects.", hint="Choose one of those above.")
    text = request.args.get("q", "")[:100].strip()
    found = services().social.page(me().caller, cast("Tab", tab), text, _after(), SHOWN + 1)
    last = found[SHOWN - 1].path if len(found) > SHOWN else ""
    return page(
        "projects.html",
        tab=tab,
        tabs=WORDS,
        text=text,
        projects=found[:SHOWN],
        after=last,
        tags=services().social.tags(me().caller, MOST),
        collaborators=services().social.collaborators(me().caller, MOST),
    )


@blueprint.post("/<owner>/<name>/star")
@signed_in
def star_project(owner: str, name: str) -> Response:
    """Give the project a star, or take it back."""
    project = visible(me().caller, owner, name)
    given = field("given") == "yes"
    attempt(lambda: services().social.star(me().caller, project, given=given))
    return back(f"/{project.path}")


def _after() -> Place | None:
    """Return behind which project the page begins; None for the first page."""
    owner, slash, name = request.args.get("after", "")[:128].partition("/")
    return (owner, name) if slash else None
