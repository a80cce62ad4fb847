# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions, API tokens and OAuth codes: random secrets of 256 bits, of which only the digest is stored."""

from __future__ import annotations

import secrets
from datetime import timedelta

from wakari.store.authorizations import Authorizations
from wakari.store.base import Documents, Transaction, digest, new_id, now
from wakari.store.records import Code, Session, Token
from wakari.store.repository import Repository

SECRET_BYTES = 32
SEEN_EVERY = 60  # seconds; the time of last use is written no more often than this


class Sessions(Repository[Session]):
    """Sign-ins on the server's pages. What gateways were given for one ends with it."""

    kind = Session

    def __init__(self, documents: Documents, authorizations: Authorizations) -> None:
        super().__init__(documents)
        self._authorizations = authorizations

    def add(self, user: str, lifetime: float) -> tuple[str, Session]:
        """Return the secret for the cookie and the session, which ends after `lifetime` seconds at the latest."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        moment = now()
        document = {
            "_id": new_id(),
            "digest": digest(secret),
            "user": user,
            "created_at": moment,
            "seen_at": moment,
            "expires_at": moment + timedelta(seconds=lifetime),
        }
        return secret, self._insert(document)

    def resume(self, secret: str, idle: float, *, use: bool = True) -> Session | None:
        """Return the living session of the cookie; None where it ended or was idle for more than `idle` seconds.

        With `use` false the look itself does not keep the session alive.
        """
        return self._seen(self._one({"digest": digest(secret)}), idle, use=use)

    def get(self, session_id: str) -> Session | None:
        """Return a session that was not ended; None otherwise."""
        return self._one({"_id": session_id})

    def alive(self, session_id: str, user: str, idle: float) -> Session | None:
        """Return the living session with this id and user; None otherwise. Counts as use."""
        return self._seen(self._one({"_id": session_id, "user": user}), idle, use=True)

    def _seen(self, session: Session | None, idle: float, *, use: bool) -> Session | None:
        moment = now()
        if session is None or session.expires_at <= moment or session.seen_at + timedelta(seconds=idle) <= moment:
            return None
        if use and session.seen_at + timedelta(seconds=SEEN_EVERY) <= moment:
            return self._change({"_id": session.id}, {"$set": {"seen_at": moment}})
        return session

    def count(self, user: str) -> int:
        """Return how many sessions of a person have not ended by time."""
        return self._count({"user": user, "expires_at": {"$gt": now()}})

    def end(self, session_id: str) -> Session | None:
        """End one session; return it, None where it was over."""
        ended = self._delete({"_id": session_id})
        self._authorizations.end_with_session(session_id)
        return ended

    def end_all(self, user: str, tx: Transaction = None, *, but: str = "") -> int:
        """End all sessions of a person except the one with id `but`; return how many."""
        ended = self._delete_many({"user": user, "_id": {"$ne": but}}, tx)
        self._authorizations.end_all(user, tx, but=but)
        return ended


class Tokens(Repository[Token]):
    """API tokens: `wk_` and 256 random bits."""

    kind = Token

    def add(
        self, user: str, name: str, lifetime: float, *, sid: str | None = None, code: str | None = None
    ) -> tuple[str, Token]:
        """Return the secret and the token, which ends after `lifetime` seconds, or with session `sid`."""
        secret = "wk_" + secrets.token_urlsafe(SECRET_BYTES)
        moment = now()
        document = {
            "_id": new_id(),
            "digest": digest(secret),
            "user": user,
            "name": name,
            "created_at": moment,
            "expires_at": moment + timedelta(seconds=lifetime),
        }
        if sid is not None:
            document["sid"] = sid
        if code is not None:
            document["code"] = code
        return secret, self._insert(document)

    def resume(self, secret: str) -> Token | None:
        """Return the living token; None where it ended or never was."""
        moment = now()
        token = self._one({"digest": digest(secret), "expires_at": {"$gt": moment}})
        if token is None:
            return None
        if token.last_used_at is None or token.last_used_at + timedelta(seconds=SEEN_EVERY) <= moment:
            return self._change({"_id": token.id}, {"$set": {"last_used_at": moment}})
        return token

    def of(self, user: str) -> list[Token]:
        """Return a person's living tokens, newest first, without those made for gateways."""
        where = {"user": user, "sid": None, "expires_at": {"$gt": now()}}
        return self._many(where, (("created_at", -1),))

    def everybodys(self, user: str, limit: int) -> list[Token]:
        """Return living tokens, newest first, of one person where given, without those made for gateways."""
        where = {"sid": None, "expires_at": {"$gt": now()}, **({"user": user} if user else {})}
        return self._many(where, (("created_at", -1),), limit)

    def revoke(self, token_id: str, user: str) -> Token | None:
        """End one token of a person; return it, None where they have none with this id.

        It ends now rather than being removed (the TTL index does that within a minute): so that the feed of changes can
        tell gateways which one it was.
        """
        moment = now()
        living = {"_id": token_id, "user": user, "expires_at": {"$gt": moment}}
        return self._change(living, {"$set": {"expires_at": moment}})

    def revoke_all(self, user: str, tx: Transaction = None) -> int:
        """End all tokens of a person, as `revoke` does one; return how many lived."""
        moment = now()
        return self._change_many({"user": user, "expires_at": {"$gt": moment}}, {"$set": {"expires_at": moment}}, tx)

    def end_with_session(self, sid: str) -> int:
        """End the tokens that were made for a session; return how many."""
        return self._delete_many({"sid": sid})

    def end_with_code(self, code: str) -> int:
        """End the tokens that were given for an authorization code; return how many."""
        return self._delete_many({"code": code})


class Codes(Repository[Code]):
    """OAuth authorization codes."""

    kind = Code

    def add(
        self,
        *,
        client_id: str,
        redirect_uri: str,
        scope: str,
        user: str,
        sid: str,
        code_challenge: str,
        browser: str,
        address: str,
        lifetime: float,
    ) -> str:
        """Return a new code for one use within `lifetime` seconds."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        self._insert(
            {
                "_id": digest(secret),
                "client_id": client_id,
                "redirect_uri": redirect_uri,
                "scope": scope,
                "user": user,
                "sid": sid,
                "code_challenge": code_challenge,
                "browser": browser,
                "address": address,
                "used": False,
                "expires_at": now() + timedelta(seconds=lifetime),
            }
        )
        return secret

    def use(self, secret: str, client_id: str) -> tuple[Code | None, Code | None]:
        """Return (the code, None) for its one use; (None, the code) for a use after that; (None, None) otherwise."""
        where = {"_id": digest(secret), "client_id": client_id}
        code = self._change({**where, "used": False, "expires_at": {"$gt": now()}}, {"$set": {"used": True}})
        if code is not None:
            return code, None
        return None, self._one({**where, "used": True})
