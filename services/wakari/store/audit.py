# SPDX-License-Identifier: GPL-3.0-or-later
"""The security log: entries are added, never changed, and each holds the hash of the one before it."""

from __future__ import annotations

import logging
import random
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from wakari.core import logs
from wakari.store.audit_chain import GENESIS, document_of, hash_of
from wakari.store.base import Document, Documents, new_id, now
from wakari.store.errors import Conflict, StoreUnavailable, translated
from wakari.store.records import Event
from wakari.store.repository import Repository

log = logging.getLogger(__name__)
MAX_TEXT = 200  # characters of a field (security rule: log fields bounded)
PATIENCE = 10.0  # seconds to win a place in the chain from all other processes
HIGHEST = "audit"  # the counter that remembers the highest number given


@dataclass(frozen=True)
class Wanted:
    """Entries to look for; empty: all. `event` is what its name begins with; `until` is excluded."""

    event: str = ""
    actor: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


class Audit(Repository[Event]):
    """The security log. Events are named `<object>.<verb>`, for instance project.start."""

    kind = Event

    def __init__(self, documents: Documents, counters: Documents) -> None:
        super().__init__(documents)
        self._counters = counters
        self._turn = threading.Lock()  # the threads of one process queue here instead of racing for a number

    def add(self, event: str, actor: str, subject: str = "", address: str = "", **detail: Any) -> Event:  # noqa: ANN401
        """Add an entry with the present request's id behind the last one, and tell it to the service's log.

        One insert is the whole change: a unique index gives each number once, whoever comes second reads anew.

        Raises:
            StoreUnavailable: no place was to be had in ten seconds.
        """
        entry: Document = {
            "_id": new_id(),
            "at": now(),
            "event": event,
            "actor": actor[:MAX_TEXT],
            "subject": subject[:MAX_TEXT],
            "address": address[:MAX_TEXT],
            "request_id": logs.request_id(),
            "detail": {
                key: value if isinstance(value, int) else str(value)[:MAX_TEXT] for key, value in detail.items()
            },
        }
        end = time.monotonic() + PATIENCE
        with self._turn:
            while True:
                try:
                    made = self._append(entry)
                    break
                except Conflict:
                    if time.monotonic() > end:
                        raise StoreUnavailable("The security log is too busy: nothing was added in 10 s.") from None
                    time.sleep(random.uniform(0, 0.02))  # noqa: S311 - spreads processes, no secret
        # Outside of the database too: who rewrites the chain there has to rewrite these lines as well.
        told = {"event": event, "actor": made.actor, "subject": made.subject, "seq": made.seq, "hash": made.hash}
        log.info("security log", extra=told)
        return made

    def latest(self, limit: int, *, about: str | None = None) -> list[Event]:
        """Return the newest entries; those of what one person did or others did to them, where given."""
        where = {} if about is None else {"$or": [{"actor": about}, {"subject": about}]}
        return self._many(where, (("at", -1),), limit)

    def find(self, wanted: Wanted, limit: int) -> list[Event]:
        """Return the newest entries that are wanted."""
        where: dict[str, Any] = {}
        if wanted.event:
            where["event"] = {"$regex": f"^{re.escape(wanted.event)}"}
        if wanted.actor:
            where["actor"] = wanted.actor
        if wanted.subject:
            where["subject"] = wanted.subject
        bounds = {"$gte": wanted.since, "$lt": wanted.until}
        if between := {key: value for key, value in bounds.items() if value is not None}:
            where["at"] = between
        return self._many(where, (("at", -1),), limit)

    def counts(self, since: datetime, until: datetime) -> dict[str, int]:
        """Return how often each event came in a period, `until` excluded, the most frequent first."""
        pipeline: list[dict[str, Any]] = [
            {"$match": {"at": {"$gte": since, "$lt": until}}},
            {"$group": {"_id": "$event", "count": {"$sum": 1}}},
            {"$sort": {"count": -1, "_id": 1}},
        ]
        with translated():
            return {row["_id"]: row["count"] for row in self._documents.aggregate(pipeline)}

    def entries(self) -> Iterator[Document]:
        """Return all entries, those of before the chain first, then in the order of the chain, as exported."""
        with translated():
            for document in self._documents.find({}).sort([("seq", 1), ("at", 1)]):
                yield document_of(document)

    def highest(self) -> int:
        """Return the highest number ever given; 0 for none."""
        with translated():
            counter = self._counters.find_one({"_id": HIGHEST})
        return int(counter["value"]) if counter else 0

    def _append(self, entry: Document) -> Event:
        # The counter is read first: it is never ahead of an honest chain, so a number that is missing was removed.
        highest = self.highest()
        last = self._one({"seq": {"$type": "number"}}, sort=(("seq", -1),))
        placed = {
            **entry,
            "seq": max(highest, last.seq or 0 if last else 0) + 1,
            "previous": last.hash if last else GENESIS,
        }
        placed["hash"] = hash_of(document_of(placed))
        made = self._insert(placed)
        with translated():
            self._counters.update_one({"_id": HIGHEST}, {"$max": {"value": placed["seq"]}}, upsert=True)
        return made
