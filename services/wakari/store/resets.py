# SPDX-License-Identifier: GPL-3.0-or-later
"""Reset links: a random secret of 256 bits for one use, of which only the digest is stored."""

from __future__ import annotations

import secrets
from datetime import timedelta

from wakari.store.base import Transaction, digest, new_id, now
from wakari.store.credentials import SECRET_BYTES
from wakari.store.records import Reset
from wakari.store.repository import Repository


class Resets(Repository[Reset]):
    """The links that were made and not used. A person has one at most."""

    kind = Reset

    def add(self, user: str, made_by: str, lifetime: float, tx: Transaction) -> tuple[str, Reset]:
        """Return the secret of a new link, good for `lifetime` seconds, and its record; a former link ends."""
        self.end_all(user, tx)
        secret = secrets.token_urlsafe(SECRET_BYTES)
        moment = now()
        document = {
            "_id": new_id(),
            "digest": digest(secret),
            "user": user,
            "made_by": made_by,
            "created_at": moment,
            "expires_at": moment + timedelta(seconds=lifetime),
        }
        return secret, self._insert(document, tx)

    def look(self, secret: str) -> Reset | None:
        """Return the link of this secret, unused; None where it was used, ended, or never was."""
        return self._one({"digest": digest(secret), "expires_at": {"$gt": now()}})

    def use(self, secret: str) -> Reset | None:
        """Return the link for its one use; None for every other."""
        return self._delete({"digest": digest(secret), "expires_at": {"$gt": now()}})

    def end_all(self, user: str, tx: Transaction = None) -> int:
        """End the links of a person; return how many there were."""
        return self._delete_many({"user": user}, tx)
