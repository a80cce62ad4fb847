# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH keys. They are kept in their person's account: one atomic update changes the keys and their revision."""

from __future__ import annotations

from typing import Any

from wakari.store.base import Transaction, new_id, now
from wakari.store.records import SshKey, User
from wakari.store.repository import Repository
from wakari.store.users import PRESENT


class SshKeys(Repository[User]):
    """The keys of all accounts, over the collection of accounts."""

    kind = User

    def add(
        self, user: str, *, name: str, kind: str, line: str, fingerprint: str, most: int, tx: Transaction = None
    ) -> User | None:
        """Return the account after the key was added; None where it has the key, has `most` of them, or is gone."""
        entry = {
            "id": new_id(),
            "name": name,
            "kind": kind,
            "line": line,
            "fingerprint": fingerprint,
            "created_at": now(),
        }
        where = {
            "_id": user,
            **PRESENT,
            "ssh_keys.fingerprint": {"$ne": fingerprint},
            f"ssh_keys.{most - 1}": {"$exists": False},
        }
        keys = {"$concatArrays": [{"$ifNull": ["$ssh_keys", []]}, [{"$literal": entry}]]}
        return self._change(where, [{"$set": {"ssh_keys": keys, **next_revision()}}], tx)

    def remove(self, user: str, key: str, tx: Transaction = None) -> SshKey | None:
        """Return the key that was removed; None where the person has none of this id."""
        left = {"$filter": {"input": "$ssh_keys", "cond": {"$ne": ["$$this.id", {"$literal": key}]}}}
        where = {"_id": user, **PRESENT, "ssh_keys.id": key}
        before = self._change(where, [{"$set": {"ssh_keys": left, **next_revision()}}], tx, before=True)
        return next((one for one in before.ssh_keys if one.id == key), None) if before else None


def next_revision() -> dict[str, Any]:
    """Return the stage of an update that gives what a person's keys are a newer revision."""
    # Milliseconds since the epoch, so that after a restore of the database a new change still counts as newer on nodes;
    # and always above the former one, whatever the clock does.
    moment = int(now().timestamp() * 1000)
    former = {"$ifNull": ["$ssh_keys_revision", 0]}
    return {"ssh_keys_revision": {"$max": [moment, {"$add": [former, 1]}]}}
