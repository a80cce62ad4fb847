# SPDX-License-Identifier: GPL-3.0-or-later
"""Searches that people keep under a name, for themselves."""

from __future__ import annotations

from dataclasses import dataclass

from wakari.core.errors import AppError, BadInputError
from wakari.search.query import parse
from wakari.store import Conflict, Store
from wakari.store.records import SavedSearch

MOST = 50  # of one person
MAX_NAME = 100  # characters


@dataclass(frozen=True)
class SavedSearches:
    """One's own searches."""

    store: Store

    def add(self, user: str, name: str, query: str) -> SavedSearch:
        """Return the new search; without a name it is called as what is searched for.

        Raises:
            BadInputError: the query cannot be read, or the name is too long.
            AppError: `search_exists` or `searches_full` (409).
        """
        parse(query)
        called = " ".join((name or query[:MAX_NAME]).split())
        if not 1 <= len(called) <= MAX_NAME or not called.isprintable():
            raise BadInputError("name_invalid", f"A name has 1 to {MAX_NAME} characters.", hint="Choose another name.")
        if self.store.saved_searches.count(user) >= MOST:
            raise AppError(
                "searches_full", f"You have {MOST} saved searches already.", hint="Remove one first.", status=409
            )
        try:
            return self.store.saved_searches.add(user, called, query)
        except Conflict:
            raise AppError(
                "search_exists", "You have a search of this name.", hint="Choose another name.", status=409
            ) from None

    def of(self, user: str) -> list[SavedSearch]:
        """Return the person's searches by name."""
        return self.store.saved_searches.of(user)

    def remove(self, user: str, search: str) -> SavedSearch:
        """Return the search that was removed; raise AppError `search_not_found` (404)."""
        found = self.store.saved_searches.remove(user, search)
        if found is None:
            raise AppError("search_not_found", "There is no such saved search.", hint="List yours.", status=404)
        return found
