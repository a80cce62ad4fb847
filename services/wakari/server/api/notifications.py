# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/v1/notifications."""

from __future__ import annotations

from wakari.access import Action, Caller, require_site
from wakari.server import who
from wakari.server.api.models.notifications import NewNotification, NotificationOut
from wakari.server.api.table import TABLE
from wakari.server.services import services


@TABLE.add(
    "POST",
    "/notifications",
    "Send a message by mail to a person, a group or everybody",
    action=Action.MAIL_SEND,
    status=202,
    body=NewNotification,
    answer=NotificationOut,
    errors=(409,),
)
def notify(caller: Caller, body: NewNotification) -> NotificationOut:
    """Return to how many people it goes."""
    require_site(caller, Action.MAIL_SEND)
    queued, left_out = services().outbox.notify(
        body.subject, body.text, user=body.user, group=body.group, actor=caller.name, address=who.address()
    )
    return NotificationOut(queued=queued, left_out=left_out)
