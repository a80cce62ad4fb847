# SPDX-License-Identifier: GPL-3.0-or-later
"""Authorized applications: the gateways that act for a person, each in one browser, until that is revoked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from wakari.accounts.signin import SignIn
from wakari.core.errors import AppError
from wakari.store import Store
from wakari.store.base import now
from wakari.store.credentials import SEEN_EVERY
from wakari.store.records import Authorization, Code, User


@dataclass(frozen=True)
class Authorizations:
    """Gives them for codes, knows their people, takes them back. Who may do it is decided by the caller."""

    store: Store
    sign_in: SignIn

    def grant(self, code: Code) -> Authorization | None:
        """Return what the gateway of a code gets for it; None where the session the code came from is over."""
        session = self.store.sessions.get(code.sid)
        if session is None:
            return None
        granted = self.store.authorizations.add(code, session)
        if self.store.sessions.get(code.sid) is None:
            # It ended meanwhile, and may have taken along what there was before this one.
            self.store.authorizations.end(granted.id)
            return None
        return granted

    def person(self, authorization: str, user: str, data_center: str) -> User | None:
        """Return the person in whose name a gateway asks; None where the authorization or its session is over.

        The session is looked at, and kept alive, once a minute; what ends one ends its authorizations with it.
        """
        found = self.store.authorizations.alive(authorization, user, data_center, self.sign_in.idle)
        if found is None:
            return None
        if found.used_at + timedelta(seconds=SEEN_EVERY) > now():
            return self.sign_in.let_in(user)
        person = self.sign_in.alive(found.session, user)
        if person is not None:
            self.store.authorizations.seen(found.id)
        return person

    def sign_out(self, authorization: str, data_center: str) -> bool:
        """End what a gateway has whose person signed out there; return whether it had this one."""
        ended = self.store.authorizations.end_at(authorization, data_center)
        if ended is not None:
            self.store.audit.add("authorization.end", ended.user, ended.user, authorization=ended.id)
        return ended is not None

    def of(self, user: str) -> list[Authorization]:
        """Return a person's living ones, the one used last first."""
        return self.store.authorizations.of(user, self.sign_in.idle)

    def everybodys(self, limit: int) -> list[Authorization]:
        """Return living ones of everybody, the one used last first; `limit` 0: all."""
        return self.store.authorizations.everybodys(self.sign_in.idle, limit)

    def revoke(self, user: str, authorization: str, *, keep: str = "", actor: str = "", address: str = "") -> None:
        """Take one back, and sign its browser out, which would be given another one without being asked.

        `keep`: the session of the browser that the person sits at, which goes on.

        Raises:
            AppError: `authorization_not_found` (404).
        """
        found = next((one for one in self.of(user) if one.id == authorization), None)
        if found is None:
            raise AppError(
                "authorization_not_found",
                "There is no such authorization, or it has ended.",
                hint="List those that live.",
                status=404,
            )
        if found.session == keep:
            self.store.authorizations.end(found.id)
        else:
            self.store.sessions.end(found.session)
        center = self.store.data_centers.get(found.data_center)
        detail = {"authorization": found.id, "data_center": center.name if center else "", "browser": found.browser}
        self.store.audit.add("authorization.revoke", actor or user, user, address, **detail)

    def revoke_all(self, user: str, *, keep: str = "", actor: str = "", address: str = "") -> int:
        """Take all of a person back and sign all browsers out but the one of `keep`; return how many there were."""
        count = len(self.of(user))
        self.store.sessions.end_all(user, but=keep)
        self.store.authorizations.end_with_session(keep)
        self.store.audit.add("authorization.revoke-all", actor or user, user, address, count=count)
        return count
