# SPDX-License-Identifier: GPL-3.0-or-later
"""Administration of one person: what their account is, and what can be done with it."""

from __future__ import annotations

from flask import url_for
from werkzeug.wrappers import Response

from wakari.access import Action
from wakari.core.errors import AppError
from wakari.server import who
from wakari.server.api.users import require_changeable
from wakari.server.pages.admin import needs
from wakari.server.pages.applications import applications_of
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import attempt, back, field, me, page
from wakari.server.services import services
from wakari.store.records import User

LOG_LINES = 20


@blueprint.get("/admin/users/<name>")
@needs(Action.USER_READ)
def admin_person(name: str) -> tuple[str, int]:
    """Return the page of one person."""
    return show_person(services().accounts.get(name))


@blueprint.post("/admin/users/<name>/ban")
@needs(Action.USER_WRITE)
def admin_ban(name: str) -> Response:
    """Keep the person out, or let them in again."""
    bans, actor, reason = services().bans, me().user.name, field("reason")
    banning = bool(field("ban"))

    def change() -> None:
        require_changeable(me().caller, name)
        if banning:
            bans.ban(name, reason, actor=actor, address=who.address())
        else:
            bans.unban(name, actor=actor, address=who.address())

    done = f"{name} is banned: no session, token or app of theirs is left."
    attempt(change, done if banning else f"{name} can sign in again.")
    return back(url_for("pages.admin_person", name=name))


@blueprint.post("/admin/users/<name>/offboard")
@needs(Action.USER_OFFBOARD)
def admin_offboard(name: str) -> tuple[str, int]:
    """Close the account, hand its projects over, and show the report; or the person's page with what is wrong."""
    try:
        report = services().offboarding.run(name, field("heir", 64), actor=me().user.name, address=who.address())
    except AppError as error:
        return show_person(services().accounts.get(name), error.status, error=error)
    return page("admin/offboarded.html", tab="users", report=report)


def show_person(user: User, status: int = 200, **context: object) -> tuple[str, int]:
    """Return the page of the person; who may change the account is shown the forms for it."""
    store = services().store
    return page(
        "admin/person.html",
        status,
        tab="users",
        user=user,
        owned=store.projects.owned(user.name, limit=LOG_LINES),
        joined=store.projects.joined(user.name, limit=LOG_LINES, groups=user.groups),
        applications=applications_of(user.name),
        events=store.audit.latest(LOG_LINES, about=user.name),
        **context,
    )
