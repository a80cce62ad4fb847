# SPDX-License-Identifier: GPL-3.0-or-later
"""The security log: entries are added, never changed."""

from __future__ import annotations

from typing import Any

from wakari.core import logs
from wakari.store.base import new_id, now
from wakari.store.records import Event
from wakari.store.repository import Repository

MAX_TEXT = 200  # characters of a field (security rule: log fields bounded)


class Audit(Repository[Event]):
    """The security log. Events are named `<object>.<verb>`, for instance project.start."""

    kind = Event

    def add(self, event: str, actor: str, subject: str = "", address: str = "", **detail: Any) -> Event:  # noqa: ANN401
        """Add an entry with the present request's id."""
        bounded = {key: value if isinstance(value, int) else str(value)[:MAX_TEXT] for key, value in detail.items()}
        return self._insert(
            {
                "_id": new_id(),
                "at": now(),
                "event": event,
                "actor": actor[:MAX_TEXT],
                "subject": subject[:MAX_TEXT],
                "address": address[:MAX_TEXT],
                "request_id": logs.request_id(),
                "detail": bounded,
            }
        )

    def latest(self, limit: int, *, actor: str | None = None, subject: str | None = None) -> list[Event]:
        """Return the newest entries, of one actor or subject where given."""
        where = {key: value for key, value in (("actor", actor), ("subject", subject)) if value is not None}
        return self._many(where, (("at", -1),), limit)
