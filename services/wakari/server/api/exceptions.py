# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/v1/exceptions: unexpected errors of the services."""

from __future__ import annotations

from datetime import datetime

from wakari.access import Action, Caller, require_site
from wakari.server.api.models.base import Out
from wakari.server.api.routing import Page, Window, page_of_all
from wakari.server.api.table import TABLE
from wakari.server.services import services

MOST = 1000  # errors of different kinds and places; they are one record each


class ExceptionOut(Out):
    """An unexpected error: how often it came, and its last time with the request it came in."""

    id: str
    service: str
    kind: str
    message: str
    trace: str
    where: str
    user: str
    request_id: str
    count: int
    first_at: datetime
    at: datetime
    read: bool


class ReadOut(Out):
    """How many errors were marked as read."""

    marked: int


@TABLE.add(
    "GET",
    "/exceptions",
    "List unexpected errors of the services, the last one first",
    action=Action.EXCEPTION_READ,
    answer=ExceptionOut,
    paged=True,
    filters=("service", "kind"),
)
def index(caller: Caller, window: Window, filters: dict[str, str]) -> Page[ExceptionOut]:
    """Return errors."""
    require_site(caller, Action.EXCEPTION_READ)
    found = services().store.exceptions.latest(MOST)
    kept = [one for one in found if all(getattr(one, name) == value for name, value in filters.items())]
    return page_of_all(kept, window, lambda one: one.id, lambda one: ExceptionOut.model_validate(one.model_dump()))


@TABLE.add(
    "POST", "/exceptions/read", "Mark all unexpected errors as read", action=Action.EXCEPTION_READ, answer=ReadOut
)
def mark_read(caller: Caller) -> ReadOut:
    """Return how many were not."""
    require_site(caller, Action.EXCEPTION_READ)
    return ReadOut(marked=services().store.exceptions.mark_read())
