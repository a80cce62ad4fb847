# SPDX-License-Identifier: GPL-3.0-or-later
"""Unexpected errors of the running system, one record a kind and place: a storm of one error stays one record."""

from __future__ import annotations

import hashlib
import traceback
from datetime import datetime

from pydantic import Field

from wakari.store.base import Record, now
from wakari.store.errors import Conflict
from wakari.store.repository import Repository

MAX_MESSAGE = 500  # characters
MAX_TRACE = 8000  # characters: the end of it, where the error is
MAX_UNREAD = 100  # counted no further


class ServerException(Record):
    """An unexpected error: how often it came, and its last time with the request it came in."""

    id: str = Field(alias="_id")
    service: str
    kind: str
    message: str
    trace: str
    where: str
    user: str = ""
    request_id: str = ""
    count: int = 1
    first_at: datetime
    at: datetime
    read: bool = False


class Exceptions(Repository[ServerException]):
    """The errors; one that nobody saw for ninety days is forgotten (store.indexes)."""

    kind = ServerException

    def take(self, error: BaseException, *, service: str, where: str, user: str = "", request_id: str = "") -> None:
        """Note an error; it is unread again where it was known already."""
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
        name = type(error).__name__
        key = hashlib.sha256(f"{service} {name} {place}".encode()).hexdigest()[:24]
        moment = now()
        fields = {
            "service": service,
            "kind": name,
            "message": str(error)[:MAX_MESSAGE],
            "trace": "".join(traceback.format_exception(error))[-MAX_TRACE:],
            "where": where[:MAX_MESSAGE],
            "user": user,
            "request_id": request_id,
            "at": moment,
            "read": False,
        }
        update = {"$set": fields, "$setOnInsert": {"first_at": moment}, "$inc": {"count": 1}}
        try:
            self._change({"_id": key}, update, upsert=True)
        except Conflict:  # two processes met it for the first time at once
            self._change({"_id": key}, update)

    def latest(self, limit: int) -> list[ServerException]:
        """Return the errors, the last one first."""
        return self._many({}, (("at", -1),), limit)

    def unread(self) -> int:
        """Return how many errors nobody marked as read; a hundred at most."""
        return len(self._many({"read": False}, limit=MAX_UNREAD))

    def mark_read(self) -> int:
        """Mark all as read; return how many were not."""
        return self._change_many({"read": False}, {"$set": {"read": True}})
