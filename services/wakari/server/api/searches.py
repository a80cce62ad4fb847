# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/v1/search and /api/v1/saved-searches."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

from wakari.access import Action, Caller
from wakari.access.questions import not_found
from wakari.core.search import FoundFile
from wakari.projects.search_answers import Found
from wakari.server.api.models.searches import (
    FileOut,
    HitOut,
    NewSavedSearch,
    NewSearch,
    ProjectHitsOut,
    SavedSearchOut,
    SearchOut,
)
from wakari.server.api.present import Places, app_url, offered, visible
from wakari.server.api.routing import Page, Window, page_of_all
from wakari.server.api.table import TABLE
from wakari.server.services import services
from wakari.store.records import Project

VIEWER = "viewer"


@TABLE.add(
    "POST",
    "/search",
    "Search the files of the projects one may read",
    action=Action.SEARCH_OWN,
    body=NewSearch,
    answer=SearchOut,
    errors=(404,),
)
def find(caller: Caller, body: NewSearch) -> SearchOut:
    """Return what nodes found, within about fifteen seconds; those that do not answer are named in `messages`."""
    return run(caller, body.query, project=body.project, offset=body.offset, limit=body.limit)


@TABLE.add(
    "GET",
    "/saved-searches",
    "List one's saved searches",
    action=Action.SEARCH_OWN,
    answer=SavedSearchOut,
    paged=True,
)
def index(caller: Caller, window: Window) -> Page[SavedSearchOut]:
    """Return them by name."""
    return page_of_all(services().saved_searches.of(caller.name), window, lambda one: one.id, SavedSearchOut.of)


@TABLE.add(
    "POST",
    "/saved-searches",
    "Keep a search",
    action=Action.SEARCH_OWN,
    status=201,
    body=NewSavedSearch,
    answer=SavedSearchOut,
    errors=(409,),
)
def create(caller: Caller, body: NewSavedSearch) -> SavedSearchOut:
    """Return the new search."""
    return SavedSearchOut.of(services().saved_searches.add(caller.name, body.name, body.query))


@TABLE.add(
    "DELETE",
    "/saved-searches/{search}",
    "Remove a saved search",
    action=Action.SEARCH_OWN,
    status=204,
    errors=(404,),
)
def remove(caller: Caller, search: str) -> None:
    """Forget it."""
    services().saved_searches.remove(caller.name, search)


def run(caller: Caller, text: str, *, project: str | None, offset: int, limit: int) -> SearchOut:
    """Return what was found.

    Raises:
        BadInputError: the text is no query.
        AppError: `project_not_found` (404) where the one project cannot be seen.
    """
    only = None
    if project is not None:
        owner, slash, name = project.partition("/")
        if not slash:
            raise not_found()
        only = visible(caller, owner, name)
    user = services().accounts.get(caller.name)
    found = services().searches.find(caller, user, text, project=only, offset=offset, limit=limit)
    return _shown(caller, found)


def _shown(caller: Caller, found: Found) -> SearchOut:
    places = Places()
    return SearchOut(
        projects=[
            ProjectHitsOut(
                owner=found.records[path].owner,
                name=found.records[path].name,
                total=max(found.counts.get(path, 0), len(files)),
                files=[_file(file, _viewer(caller, found.records[path], places)) for file in files],
            )
            for path, files in found.projects.items()
        ],
        more=found.more,
        messages=list(found.messages),
    )


def _viewer(caller: Caller, project: Project, places: Places) -> str | None:
    """Return the address of the project's Viewer; None where the site offers none."""
    place = places.data_center(project.data_center)
    there = place is not None and any(app.name == VIEWER for app in offered(caller, project))
    return app_url(place, project, VIEWER) if place and there else None


def _file(file: FoundFile, viewer: str | None) -> FileOut:
    return FileOut(
        path=file.path,
        kind=file.kind,
        modified=datetime.fromtimestamp(file.modified, UTC),
        note=file.note,
        url=viewer + "/".join(quote(part, safe="") for part in file.path.split("/")) if viewer else None,
        hits=[HitOut(line=hit.line, cell=hit.cell, text=hit.text, spans=list(hit.spans)) for hit in file.hits],
    )
