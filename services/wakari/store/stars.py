# SPDX-License-Identifier: GPL-3.0-or-later
"""Who likes which project. The number is kept with the project: it changes in the transaction that keeps the star."""

from __future__ import annotations

from wakari.store.base import Record, Transaction, now
from wakari.store.errors import translated
from wakari.store.repository import Repository


class Star(Record):
    """One person's star for one project."""

    project_id: str
    user: str


class Stars(Repository[Star]):
    """The stars."""

    kind = Star

    def add(self, project_id: str, user: str, tx: Transaction) -> bool:
        """Return whether the person had none for the project."""
        key = f"{project_id}/{user}"
        if self._one({"_id": key}, tx) is not None:
            return False
        self._insert({"_id": key, "project_id": project_id, "user": user, "at": now()}, tx)
        return True

    def take(self, project_id: str, user: str, tx: Transaction) -> bool:
        """Return whether the person had one for the project."""
        return self._delete({"_id": f"{project_id}/{user}"}, tx) is not None

    def has(self, project_id: str, user: str) -> bool:
        """Return whether the person has one for the project."""
        return self._one({"_id": f"{project_id}/{user}"}) is not None

    def of(self, user: str, limit: int = 0, tx: Transaction = None) -> list[str]:
        """Return the ids of the projects that the person has stars for, the newest first."""
        return [star.project_id for star in self._many({"user": user}, (("at", -1),), limit, tx)]

    def count(self, user: str) -> int:
        """Return how many stars the person has given."""
        return self._count({"user": user})

    def forget(self, project_id: str, tx: Transaction) -> None:
        """Drop the stars of a project that is removed."""
        with translated(tx):
            self._documents.delete_many({"project_id": project_id}, session=tx)
