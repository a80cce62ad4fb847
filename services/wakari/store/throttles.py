# SPDX-License-Identifier: GPL-3.0-or-later
"""Counters of failed sign-ins in a window of time."""

from __future__ import annotations

from datetime import timedelta

from pymongo import ReturnDocument

from wakari.store.base import Documents, now
from wakari.store.errors import translated


class Throttles:
    """Counts per key. The window begins at the first count and is not prolonged by later ones."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def count(self, key: str, window: float) -> int:
        """Count one event in the key's window of `window` seconds; return the count so far, this one included."""
        moment = now()
        alive = {"$gt": ["$expires_at", moment]}
        changes = {
            "count": {"$cond": [alive, {"$add": ["$count", 1]}, 1]},
            "expires_at": {"$cond": [alive, "$expires_at", moment + timedelta(seconds=window)]},
        }
        with translated():
            after = self._documents.find_one_and_update(
                {"_id": key}, [{"$set": changes}], upsert=True, return_document=ReturnDocument.AFTER
            )
        return int(after["count"]) if after else 0  # an upsert always answers

    def peek(self, key: str) -> int:
        """Return the count of the key's present window; 0 for none."""
        with translated():
            found = self._documents.find_one({"_id": key, "expires_at": {"$gt": now()}})
        return int(found["count"]) if found else 0

    def reset(self, key: str) -> None:
        """Forget the key."""
        with translated():
            self._documents.delete_one({"_id": key})
