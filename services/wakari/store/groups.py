# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups of users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wakari.store.base import Transaction, now
from wakari.store.records import Group, Source
from wakari.store.repository import Repository


class Groups(Repository[Group]):
    """The groups. Membership is kept with the users (store.users)."""

    kind = Group

    def get(self, name: str) -> Group | None:
        """Return the group; None where there is none."""
        return self._one({"_id": name})

    def page(self, after: str, limit: int, filters: Mapping[str, str] | None = None) -> list[Group]:
        """Return groups in the order of their names, those behind `after`; of one source where given."""
        return self._many({"_id": {"$gt": after}, **(filters or {})}, limit=limit)

    def add(self, name: str, summary: str, source: Source = "local") -> Group:
        """Return the new group; raise Conflict where there is one of this name."""
        return self._insert({"_id": name, "summary": summary, "source": source, "created_at": now()})

    def of(self, source: Source) -> list[Group]:
        """Return the groups whose membership follows this source."""
        return self._many({"source": source})

    def update(self, name: str, fields: Mapping[str, Any]) -> Group | None:
        """Return the group after the change; None where there is none."""
        return self._change({"_id": name}, {"$set": dict(fields)})

    def use(self, name: str, tx: Transaction) -> Group | None:
        """Return the group, held until the transaction ends, so that nobody removes it meanwhile; None for none."""
        return self._change({"_id": name}, {"$set": {"used_at": now()}}, tx)

    def remove(self, name: str, tx: Transaction) -> Group | None:
        """Return the group that was removed; None where there was none."""
        return self._delete({"_id": name}, tx)
