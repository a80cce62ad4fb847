# SPDX-License-Identifier: GPL-3.0-or-later
"""Administration of mail: whether the site sends any, a message to people, and what became of the last ones."""

from __future__ import annotations

from flask import flash, request
from werkzeug.wrappers import Response

from wakari.access import Action
from wakari.core.errors import AppError
from wakari.mail.outbox import MAX_SUBJECT, MAX_TEXT
from wakari.server import who
from wakari.server.pages.admin import needs
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import back, field, me, page
from wakari.server.services import services

NOTIFICATION = "/admin/notification"
SHOWN = 50


@blueprint.get(NOTIFICATION)
@needs(Action.MAIL_SEND)
def admin_notification() -> tuple[str, int]:
    """Return the page."""
    return _page()


@blueprint.post(NOTIFICATION)
@needs(Action.MAIL_SEND)
def admin_notify() -> Response | tuple[str, int]:
    """Queue a message; one that is refused stands in the form again."""
    to = field("to", 10)
    names = {"user": field("user", 64), "group": field("group", 64)}
    try:
        queued, left_out = services().outbox.notify(
            field("subject"),
            request.form.get("text", ""),
            **{kind: name if to == kind else "" for kind, name in names.items()},
            actor=me().user.name,
            address=who.address(),
        )
    except AppError as error:
        return _page(error.status, error=error, form=request.form)
    without = f" {left_out} left out: no address, or banned." if left_out else ""
    flash(f"The message is on its way to {queued} {'person' if queued == 1 else 'people'}.{without}", "good")
    return back(NOTIFICATION)


def _page(status: int = 200, **context: object) -> tuple[str, int]:
    return page(
        "admin/notification.html",
        status,
        tab="notification",
        settings=services().settings.mail,
        mails=services().store.mails.latest(SHOWN),
        bounds=(MAX_SUBJECT, MAX_TEXT),
        **context,
    )
