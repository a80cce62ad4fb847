# SPDX-License-Identifier: GPL-3.0-or-later
"""The security log of the site: looked through by event, person, subject and time; taken away as JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import jsonify, request
from werkzeug.wrappers import Response

from wakari.access import Action
from wakari.server import who
from wakari.server.pages.admin import needs
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import me, page
from wakari.server.services import services
from wakari.store.audit import Wanted
from wakari.store.audit_chain import document_of

SHOWN = 100  # entries of a page
EXPORTED = 10_000  # entries of one file
LONGEST = 200  # characters of a field


@blueprint.get("/admin/log")
@needs(Action.LOG_READ)
def admin_log() -> tuple[str, int]:
    """Return the newest entries that are wanted."""
    found = services().store.audit.find(_wanted(), SHOWN + 1)
    asked = {key: value for key, value in request.args.items() if value}
    return page("admin/log.html", tab="log", events=found[:SHOWN], more=len(found) > SHOWN, asked=asked)


@blueprint.get("/admin/log.json")
@needs(Action.LOG_READ)
def admin_log_export() -> Response:
    """Return the entries that are wanted as a file; that somebody took it is logged too."""
    found = services().store.audit.find(_wanted(), EXPORTED + 1)
    events = [document_of(event.model_dump()) for event in found[:EXPORTED]]
    services().store.audit.add("log.export", me().user.name, "", who.address(), entries=len(events))
    answer = jsonify({"events": events, "complete": len(found) <= EXPORTED})
    answer.headers["Content-Disposition"] = 'attachment; filename="security-log.json"'
    return answer


def _wanted() -> Wanted:
    text = {name: request.args.get(name, "")[:LONGEST].strip() for name in ("event", "actor", "subject")}
    until = _day(request.args.get("until", ""))
    return Wanted(**text, since=_day(request.args.get("since", "")), until=until + timedelta(days=1) if until else None)


def _day(text: str) -> datetime | None:
    """Return the beginning of a day in UTC; None for none, or for what is no day."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None
