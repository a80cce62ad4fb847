# SPDX-License-Identifier: GPL-3.0-or-later
"""What gateways were given for people's browsers: one authorization a sign-in at a gateway."""

from __future__ import annotations

from datetime import timedelta

from wakari.store.base import Documents, Transaction, new_id, now
from wakari.store.errors import translated
from wakari.store.records import Authorization, Code, Session
from wakari.store.repository import Repository


class Authorizations(Repository[Authorization]):
    """The authorizations of all people. They end with their sessions: `Sessions` sees to it."""

    kind = Authorization

    def add(self, code: Code, session: Session) -> Authorization:
        """Return the new authorization that a code is exchanged for; it ends when the session does at the latest."""
        moment = now()
        return self._insert(
            {
                "_id": new_id(),
                "user": session.user,
                "session": session.id,
                "code": code.digest,
                "data_center": code.client_id,
                "browser": code.browser,
                "address": code.address,
                "created_at": moment,
                "used_at": moment,
                "expires_at": session.expires_at,
            }
        )

    def alive(self, authorization: str, user: str, data_center: str, idle: float) -> Authorization | None:
        """Return the one that a gateway shows; None where it is over, idle for `idle` seconds, or another gateway's."""
        where = {"_id": authorization, "user": user, "data_center": {"$in": [data_center, ""]}}
        return self._one({**where, **_living(idle)})

    def seen(self, authorization: str) -> None:
        """Note the time of a use."""
        self._change({"_id": authorization}, {"$set": {"used_at": now()}})

    def of(self, user: str, idle: float) -> list[Authorization]:
        """Return a person's living ones, the one used last first."""
        return self._many({"user": user, **_living(idle)}, (("used_at", -1), ("_id", 1)))

    def everybodys(self, idle: float, limit: int) -> list[Authorization]:
        """Return living ones of everybody, the one used last first."""
        return self._many(_living(idle), (("used_at", -1), ("_id", 1)), limit)

    def end(self, authorization: str) -> Authorization | None:
        """End one; return it, None where it was over."""
        return self._delete({"_id": authorization})

    def end_at(self, authorization: str, data_center: str) -> Authorization | None:
        """End one that this gateway was given; return it, None where it has none of this id."""
        return self._delete({"_id": authorization, "data_center": data_center})

    def end_all(self, user: str, tx: Transaction = None, *, but: str = "") -> int:
        """End all of a person except those of the session `but`; return how many."""
        return self._delete_many({"user": user, "session": {"$ne": but}}, tx)

    def end_with_session(self, session: str) -> int:
        """End those of a session; return how many."""
        return self._delete_many({"session": session})

    def end_with_code(self, code: str) -> int:
        """End what was given for an authorization code; return how many."""
        return self._delete_many({"code": code})

    def end_with_data_center(self, data_center: str, tx: Transaction = None) -> int:
        """End those of a gateway; return how many."""
        return self._delete_many({"data_center": data_center}, tx)

    def adopt(self, sessions: Documents) -> None:
        """Make one for each session, under its id: the release before gave that to gateways, whose cookies have it."""
        kept = {"user": 1, "session": "$_id", "created_at": 1, "used_at": "$seen_at", "expires_at": 1}
        of_any = {"data_center": {"$literal": ""}}
        with translated():
            sessions.aggregate([{"$project": kept | of_any}, {"$merge": {"into": self._documents.name}}])


def _living(idle: float) -> dict[str, object]:
    moment = now()
    return {"expires_at": {"$gt": moment}, "used_at": {"$gt": moment - timedelta(seconds=idle)}}
