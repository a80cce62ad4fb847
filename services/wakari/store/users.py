# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pymongo import ReturnDocument

from wakari.core.messages import FIRST_UID, LAST_UID
from wakari.store.base import Documents, Transaction, now
from wakari.store.errors import translated
from wakari.store.records import Source, User
from wakari.store.repository import Repository

PRESENT = {"removed": {"$ne": True}}
FEWER_SUPERUSERS = "fewer_superusers"  # counts how often one was taken away


class Users(Repository[User]):
    """The accounts. The name is the key; a removed account keeps its name and uid, so that files keep their owner."""

    kind = User

    def __init__(self, documents: Documents, counters: Documents) -> None:
        super().__init__(documents)
        self._counters = counters

    def get(self, name: str) -> User | None:
        """Return the account; None where there is none or it was removed."""
        return self._one({"_id": name, **PRESENT})

    def known(self, name: str, tx: Transaction = None) -> User | None:
        """Return the account, also one that was removed: files may be its own still; None where there never was one."""
        return self._one({"_id": name}, tx)

    def named(self, names: Iterable[str], tx: Transaction = None) -> dict[str, User]:
        """Return the accounts of these names; one that is missing or removed is left out."""
        return {user.name: user for user in self._many({"_id": {"$in": list(names)}, **PRESENT}, tx=tx)}

    def page(self, after: str, limit: int, filters: Mapping[str, str] | None = None) -> list[User]:
        """Return accounts in the order of their names, those behind `after`; filtered by group, role or source."""
        return self._many({"_id": {"$gt": after}, **(filters or {}), **PRESENT}, limit=limit)

    def beginning(self, letters: str, limit: int) -> list[User]:
        """Return the accounts whose names begin with these letters, in order; none for no letters."""
        if not letters:
            return []
        return self._many({"_id": {"$gte": letters, "$lt": letters + "\uffff"}, **PRESENT}, limit=limit)

    def made(self, since: datetime, until: datetime, limit: int) -> list[User]:
        """Return the accounts that were made in a period, `until` excluded, newest first."""
        where = {"created_at": {"$gte": since, "$lt": until}, **PRESENT}
        return self._many(where, (("created_at", -1),), limit)

    def count(self, role: str | None = None) -> int:
        """Return the number of accounts, of those with the role where one is given."""
        return self._count({**PRESENT, **({"roles": role} if role else {})})

    def by_subject(self, source: Source, subject: str) -> User | None:
        """Return the account that a source knows by this; None where there is none, or nothing to know it by."""
        return self._one({"source": source, "subject": subject, **PRESENT}) if subject else None

    def was_removed(self, name: str) -> bool:
        """Return whether there was an account of this name that was closed."""
        return self._one({"_id": name, "removed": True}) is not None

    def add(
        self,
        name: str,
        *,
        password_hash: str,
        full_name: str,
        email: str,
        roles: Iterable[str],
        source: Source = "local",
        subject: str = "",
    ) -> User:
        """Add an account, or open a removed one of that name again with its former uid.

        Raises:
            Conflict: there is an account of this name.
            ValueError: the range of uids is used up.
        """
        fields: dict[str, Any] = {
            "password_hash": password_hash,
            "full_name": full_name,
            "email": email,
            "roles": sorted(set(roles)),
            "groups": [],
            "source": source,
            "subject": subject,
            "removed": False,
            "banned_at": None,
            "ban_reason": "",
            "created_at": now(),
        }
        again = self._change({"_id": name, "removed": True}, {"$set": fields})
        if again is not None:
            return again
        if self._one({"_id": name}) is None:
            fields["uid"] = self._next_uid()
        else:
            fields["uid"] = -1  # never written: the insert below meets the unique _id
        return self._insert({"_id": name, **fields})

    def set_fields(self, name: str, **fields: str) -> User | None:
        """Return the account after the change of texts in it (full_name, subject, ...); None where there is none."""
        return self._change({"_id": name, **PRESENT}, {"$set": fields})

    def in_groups(self, groups: Iterable[str], tx: Transaction = None) -> list[User]:
        """Return the accounts that are in one of the groups or more."""
        return self._many({"groups": {"$in": list(groups)}, **PRESENT}, tx=tx)

    def join(self, name: str, group: str, tx: Transaction) -> User | None:
        """Return the account after it joined the group; None where there is none."""
        return self._change({"_id": name, **PRESENT}, {"$addToSet": {"groups": group}}, tx)

    def leave(self, name: str, group: str, tx: Transaction = None) -> User | None:
        """Return the account after it left the group; None where there is none."""
        return self._change({"_id": name, **PRESENT}, {"$pull": {"groups": group}}, tx)

    def leave_groups(self, name: str) -> tuple[str, ...]:
        """Take somebody whose account was closed out of all groups; return in which they were."""
        before = self._change({"_id": name}, {"$set": {"groups": []}}, before=True)
        return before.groups if before else ()

    def signed_in(self, name: str) -> None:
        """Note the time of a sign-in."""
        self._change({"_id": name, **PRESENT}, {"$set": {"last_sign_in": now()}})

    def add_role(self, name: str, role: str) -> User | None:
        """Return the account as it was before the role was given; None where there is none."""
        return self._change({"_id": name, **PRESENT}, {"$addToSet": {"roles": role}}, before=True)

    def remove_role(self, name: str, role: str, tx: Transaction = None) -> User | None:
        """Return the account as it was before the role was taken; None where there is none."""
        return self._change({"_id": name, **PRESENT}, {"$pull": {"roles": role}}, tx, before=True)

    def with_role(self, role: str, tx: Transaction = None) -> list[User]:
        """Return the accounts that hold the role."""
        return self._many({"roles": role, **PRESENT}, tx=tx)

    def fewer_superusers(self, tx: Transaction) -> None:
        """Note in the transaction that it takes a superuser away.

        Each changes the account of another: only by this document do two at once conflict, and the second begins anew.
        """
        with translated(tx):
            self._counters.update_one({"_id": FEWER_SUPERUSERS}, {"$inc": {"value": 1}}, upsert=True, session=tx)

    def remove(self, name: str, tx: Transaction = None) -> User | None:
        """Close an account, erase what is personal in it; return it as it was, None where there is none."""
        erased = {
            "removed": True,
            "password_hash": "",
            "full_name": "",
            "email": "",
            "roles": [],
            "ssh_keys": [],
            "subject": "",
        }
        return self._change({"_id": name, **PRESENT}, {"$set": erased}, tx, before=True)

    def _next_uid(self) -> int:
        with translated():
            self._counters.update_one({"_id": "uid"}, {"$setOnInsert": {"value": FIRST_UID - 1}}, upsert=True)
            counter = self._counters.find_one_and_update(
                {"_id": "uid", "value": {"$lt": LAST_UID}},
                {"$inc": {"value": 1}},
                return_document=ReturnDocument.AFTER,
            )
        if counter is None:
            raise ValueError(f"No uid is left between {FIRST_UID} and {LAST_UID}.")
        return int(counter["value"])
