# SPDX-License-Identifier: GPL-3.0-or-later
"""The workers that live: each says so every few seconds."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import Field

from wakari.store.base import Record, now
from wakari.store.repository import Repository


class WorkerBeat(Record):
    """A worker as it spoke last. `threads`: how many tasks it takes at once, `at_work` how many it had."""

    name: str = Field(alias="_id")
    at: datetime
    threads: int = 0
    at_work: int = 0


class Workers(Repository[WorkerBeat]):
    """The workers, by name. One that was killed is forgotten by an index after an hour."""

    kind = WorkerBeat

    def beat(self, name: str, *, threads: int, at_work: int) -> None:
        """Note that the worker lives."""
        self._change({"_id": name}, {"$set": {"at": now(), "threads": threads, "at_work": at_work}}, upsert=True)

    def leave(self, name: str) -> None:
        """Forget a worker that ended as it should."""
        self._delete({"_id": name})

    def living(self, seconds: float) -> list[WorkerBeat]:
        """Return the workers that spoke within so many seconds."""
        return self._many({"at": {"$gt": now() - timedelta(seconds=seconds)}})
