# SPDX-License-Identifier: GPL-3.0-or-later
"""Administration of the site: its settings and announcement, unexpected errors, the daily report."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from wakari.access import Action
from wakari.server import who
from wakari.server.daily_report import PERIODS, report
from wakari.server.pages.admin import needs
from wakari.server.pages.admin_menu import EXCEPTIONS
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import attempt, back, field, me, page
from wakari.server.services import services

GENERAL = "/admin/general"
SHOWN = 100  # errors
VISIBILITY = {"public": True, "private": False}


@blueprint.get(GENERAL)
@needs(Action.SETTING_READ)
def admin_general() -> tuple[str, int]:
    """Return the settings of the site."""
    found, settings = services().site.get(), services().settings
    return page("admin/general.html", tab="general", found=found, settings=settings)


@blueprint.post(GENERAL)
@needs(Action.SETTING_WRITE)
def admin_change_general() -> Response:
    """Change the settings of the site."""
    fields = {
        "default_project_public": VISIBILITY.get(field("default_project")),
        "anonymous_reading": bool(field("anonymous_reading")),
        "announcement": field("announcement"),
    }
    actor = me().user.name
    attempt(lambda: services().site.change(fields, actor=actor, address=who.address()), "The settings are changed.")
    return back(GENERAL)


@blueprint.get(EXCEPTIONS)
@needs(Action.EXCEPTION_READ)
def admin_exceptions() -> tuple[str, int]:
    """Return the unexpected errors."""
    return page("admin/exceptions.html", tab="exceptions", exceptions=services().store.exceptions.latest(SHOWN))


@blueprint.post(f"{EXCEPTIONS}/read")
@needs(Action.EXCEPTION_READ)
def admin_read_exceptions() -> Response:
    """Mark all errors as read."""
    attempt(services().store.exceptions.mark_read, "All are marked as read.")
    return back(EXCEPTIONS)


@blueprint.get("/admin/report")
@needs(Action.REPORT_READ)
def admin_report() -> tuple[str, int]:
    """Return what happened in a period."""
    chosen = request.args.get("period", "today")
    period = chosen if chosen in PERIODS else "today"
    found = report(services().store, period)
    return page("admin/report.html", tab="report", periods=PERIODS, report=found)
