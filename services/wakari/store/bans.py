# SPDX-License-Identifier: GPL-3.0-or-later
"""Bans. One is kept in its person's account: a single atomic update keeps them out, and makes their keys news."""

from __future__ import annotations

from wakari.store.base import Transaction, now
from wakari.store.records import User
from wakari.store.repository import Repository
from wakari.store.ssh_keys import next_revision
from wakari.store.users import PRESENT


class Bans(Repository[User]):
    """The bans of all accounts, over the collection of accounts."""

    kind = User

    def set(self, user: str, reason: str, tx: Transaction = None) -> User | None:
        """Return the account after the ban; None where there is none, or it is banned already."""
        fields = {"banned_at": now(), "ban_reason": {"$literal": reason}, **next_revision()}
        return self._change({"_id": user, **PRESENT, "banned_at": None}, [{"$set": fields}], tx)

    def lift(self, user: str, tx: Transaction = None) -> User | None:
        """Return the account as it was before the ban was lifted; None where there is none, or no ban."""
        fields = {"banned_at": None, "ban_reason": "", **next_revision()}
        where = {"_id": user, **PRESENT, "banned_at": {"$ne": None}}
        return self._change(where, [{"$set": fields}], tx, before=True)
