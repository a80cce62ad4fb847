# SPDX-License-Identifier: GPL-3.0-or-later
"""Searches that people kept."""

from __future__ import annotations

from wakari.store.base import Transaction, new_id, now
from wakari.store.records import SavedSearch
from wakari.store.repository import Repository


class SavedSearches(Repository[SavedSearch]):
    """The searches of all people."""

    kind = SavedSearch

    def add(self, user: str, name: str, query: str) -> SavedSearch:
        """Return the new search; raise Conflict where the person has one of this name."""
        return self._insert({"_id": new_id(), "user": user, "name": name, "query": query, "created_at": now()})

    def of(self, user: str) -> list[SavedSearch]:
        """Return the person's searches by name."""
        return self._many({"user": user}, (("name", 1),))

    def count(self, user: str) -> int:
        """Return how many the person has."""
        return self._count({"user": user})

    def remove(self, user: str, search: str) -> SavedSearch | None:
        """Return the search that was removed; None where the person has none of this id."""
        return self._delete({"_id": search, "user": user})

    def remove_all(self, user: str, tx: Transaction = None) -> int:
        """Remove all searches of a person; return how many there were."""
        return self._delete_many({"user": user}, tx)
