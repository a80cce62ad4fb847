# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies and answers about searches."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from wakari.core.search import MAX_QUERY, MOST
from wakari.server.api.models.base import In, Out
from wakari.store.records import SavedSearch

MAX_SHOWN = 100


class NewSearch(In):
    """A search. `project`: `owner/name` of the one project to search; null: all that the caller may read."""

    query: str = Field(max_length=MAX_QUERY, description="See docs/search.md for what can be typed.")
    project: str | None = Field(default=None, max_length=100)
    limit: int = Field(default=25, ge=1, le=MAX_SHOWN)
    offset: int = Field(default=0, ge=0, le=MOST - MAX_SHOWN - 1, description="Files to leave out from the beginning.")


class HitOut(Out):
    """A line of a file, counted from 1, in a notebook within `cell`. `spans`: what matched of `text`."""

    line: int
    cell: int | None
    text: str
    spans: list[tuple[int, int]]


class FileOut(Out):
    """A file that matches. `url` opens it in the Viewer; `note`: what of it is not searched."""

    path: str
    kind: str
    modified: datetime
    note: str
    url: str | None
    hits: list[HitOut]


class ProjectHitsOut(Out):
    """The files of a project on this page, the best first; `total`: all that match on its node."""

    owner: str
    name: str
    total: int
    files: list[FileOut]


class SearchOut(Out):
    """What was found. `messages`: what the answer lacks, and why; `more`: whether there is something behind it."""

    projects: list[ProjectHitsOut]
    more: bool
    messages: list[str]


class NewSavedSearch(In):
    """A search to keep."""

    name: str = Field(default="", max_length=100, description="Default: the query.")
    query: str = Field(max_length=MAX_QUERY)


class SavedSearchOut(Out):
    """A search that was kept."""

    id: str
    name: str
    query: str
    created_at: datetime

    @classmethod
    def of(cls, search: SavedSearch) -> SavedSearchOut:
        """Return the search as the API shows it."""
        return cls.model_validate(search.model_dump())
