# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of all repositories: documents in, records out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from pymongo import ReturnDocument

from wakari.store.base import Document, Documents, Record, Transaction
from wakari.store.errors import translated

R = TypeVar("R", bound=Record)
Update = Mapping[str, Any] | Sequence[Mapping[str, Any]]
Sort = Sequence[tuple[str, int]]


class Repository(Generic[R]):
    """Typed access to one collection. Filters are written by this package only, never taken from a client."""

    kind: type[R]

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def _one(self, where: Mapping[str, Any], tx: Transaction = None, sort: Sort | None = None) -> R | None:
        with translated(tx):
            return self.kind.of(self._documents.find_one(where, session=tx, sort=sort))

    def _many(
        self,
        where: Mapping[str, Any],
        sort: Sort = (("_id", 1),),
        limit: int = 0,
        tx: Transaction = None,
        hint: str | None = None,
    ) -> list[R]:
        """Return what matches, in order; `hint` names the index to use, for none to be guessed."""
        with translated(tx):
            found = self._documents.find(where, session=tx, hint=hint).sort(list(sort)).limit(limit)
            return [self.kind.model_validate(document) for document in found]

    def _count(self, where: Mapping[str, Any]) -> int:
        with translated():
            return self._documents.count_documents(where)

    def _count_by(self, field: str) -> dict[str, int]:
        """Return how many documents have each value of a field."""
        with translated():
            found = self._documents.aggregate([{"$group": {"_id": f"${field}", "count": {"$sum": 1}}}])
            return {str(row["_id"]): row["count"] for row in found}

    def _insert(self, document: Document, tx: Transaction = None) -> R:
        """Insert and return the record; raise Conflict where a unique index refuses it."""
        with translated(tx):
            self._documents.insert_one(document, session=tx)
        return self.kind.model_validate(document)

    def _change(
        self,
        where: Mapping[str, Any],
        update: Update,
        tx: Transaction = None,
        *,
        upsert: bool = False,
        before: bool = False,
    ) -> R | None:
        """Return the record after (or before) one atomic change; None where nothing matched."""
        with translated(tx):
            return self.kind.of(
                self._documents.find_one_and_update(
                    where,
                    update,
                    upsert=upsert,
                    session=tx,
                    return_document=ReturnDocument.BEFORE if before else ReturnDocument.AFTER,
                )
            )

    def _delete(self, where: Mapping[str, Any], tx: Transaction = None) -> R | None:
        """Return the record that was removed; None where there was none."""
        with translated(tx):
            return self.kind.of(self._documents.find_one_and_delete(where, session=tx))

    def _change_many(self, where: Mapping[str, Any], update: Update, tx: Transaction = None) -> int:
        """Return how many were changed."""
        with translated(tx):
            return self._documents.update_many(where, update, session=tx).modified_count

    def _delete_many(self, where: Mapping[str, Any], tx: Transaction = None) -> int:
        with translated(tx):
            return self._documents.delete_many(where, session=tx).deleted_count
