# SPDX-License-Identifier: GPL-3.0-or-later
"""Body and answer of a notification."""

from __future__ import annotations

from pydantic import Field

from wakari.mail.outbox import MAX_SUBJECT, MAX_TEXT
from wakari.server.api.models.base import In, Out


class NewNotification(In):
    """A message; to everybody where neither a person nor a group is named."""

    subject: str = Field(min_length=1, max_length=MAX_SUBJECT)
    text: str = Field(min_length=1, max_length=MAX_TEXT)
    user: str = Field(default="", max_length=64)
    group: str = Field(default="", max_length=64)


class NotificationOut(Out):
    """To how many people it goes, and how many were left out: no address, or banned."""

    queued: int
    left_out: int
