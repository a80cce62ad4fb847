# SPDX-License-Identifier: GPL-3.0-or-later
"""Registrations that wait for an administrator. Until then there is no account: no uid is taken, nothing is shared."""

from __future__ import annotations

from wakari.store.base import now
from wakari.store.records import Registration
from wakari.store.repository import Repository


class Registrations(Repository[Registration]):
    """Who wants an account. The name is the key; one that nobody decides on is forgotten by a TTL index."""

    kind = Registration

    def get(self, name: str) -> Registration | None:
        """Return the registration; None where none of this name waits."""
        return self._one({"_id": name})

    def add(self, name: str, *, password_hash: str, full_name: str, email: str, address: str) -> Registration:
        """Return the new registration; raise Conflict where one of this name waits."""
        return self._insert(
            {
                "_id": name,
                "password_hash": password_hash,
                "full_name": full_name,
                "email": email,
                "address": address,
                "created_at": now(),
            }
        )

    def page(self, after: str, limit: int) -> list[Registration]:
        """Return registrations in the order of their names, those behind `after`."""
        return self._many({"_id": {"$gt": after}}, limit=limit)

    def count(self) -> int:
        """Return how many wait."""
        return self._count({})

    def remove(self, name: str) -> Registration | None:
        """Return the registration that was removed; None where there was none."""
        return self._delete({"_id": name})
