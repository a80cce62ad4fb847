# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in: password to session or token, and back from either to the person."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from wakari.accounts import ban, passwords
from wakari.accounts.accounts import must_be_local
from wakari.accounts.backends.base import Identity, PasswordBackend
from wakari.accounts.directory import Directory
from wakari.core.errors import AppError, BadInputError
from wakari.store import Store
from wakari.store.records import Session, Source, Token, User

log = logging.getLogger(__name__)

WINDOW = 900  # seconds in which failures are counted
# Failures allowed in a window. From one address on one account a person mistypes; on one account from everywhere, or
# from one address on all accounts, somebody guesses. The second number keeps others from locking a person out at once.
PAIR_LIMIT, ACCOUNT_LIMIT, ADDRESS_LIMIT = 10, 100, 100
UNINVITED_LIMIT = 20  # answers of a provider in a window, from one address, that nobody waits for
MAX_TOKEN_SECONDS = 366 * 86400
DEFAULT_TOKEN_SECONDS = 30 * 86400
TOKEN_PREFIX = "wk_"  # noqa: S105 - what tokens begin with
GATEWAY_TOKEN_SECONDS = 60


@dataclass(frozen=True)
class SignIn:
    """The way in. `lifetime` and `idle` of sessions are in seconds; no backend: local passwords alone."""

    store: Store
    lifetime: float
    idle: float
    directory: Directory | None = None
    backend: PasswordBackend | None = None

    def authenticate(self, name: str, password: str, address: str) -> User:
        """Return the person with this name and password.

        Raises:
            AppError: `sign_in_failed` (401), the same for an unknown name; `account_banned` (403), told to who knows
                the password; `too_many_attempts` (429); what `Directory.admit` refuses.
            UnavailableError: `accounts_unavailable`: the backend does not answer.
        """
        self.check_limit(name, address)
        user = self._person(name, password, address)
        if user is None:
            self.count_failure(name, address)
            raise AppError(
                "sign_in_failed",
                "User name or password is wrong.",
                hint="Check both; passwords are case-sensitive.",
                status=401,
            )
        self._refuse_banned(user, address)
        self.store.throttles.reset(self._keys(name, address)[0][0])
        self.store.users.signed_in(user.name)
        return user

    def vouched(self, identity: Identity, source: Source, address: str) -> User:
        """Return the person whom a source vouches for that asks for passwords itself; raise as `Directory.admit`."""
        if self.directory is None:
            raise AssertionError("a source that vouches comes with a directory")
        user = self.directory.admit(identity, source, address)
        self._refuse_banned(user, address)
        self.store.users.signed_in(user.name)
        return user

    def check_limit(self, name: str, address: str) -> None:
        """Return while the person may try; raise AppError `too_many_attempts` (429) otherwise."""
        if any(self.store.throttles.peek(key) >= limit for key, limit in self._keys(name, address)):
            self.store.audit.add("session.throttled", name, name, address)
            raise AppError(
                "too_many_attempts",
                "There were too many failed attempts to sign in.",
                hint=f"Wait {WINDOW // 60} minutes, or ask an administrator for a new password.",
                status=429,
            )

    def count_failure(self, name: str, address: str) -> None:
        """Count a failed attempt and note it."""
        for key, _ in self._keys(name, address):
            self.store.throttles.count(key, WINDOW)
        self.store.audit.add("session.failed", name, name, address)
        log.warning("sign-in failed", extra={"user": name, "address": address})

    def uninvited(self, address: str) -> AppError:
        """Return the refusal of a provider's answer that this browser does not wait for, having counted it.

        It is no failed sign-in: a link on any page brings one, and must not lock out who shares the address. After
        `UNINVITED_LIMIT` in a window it is `too_many_answers` (429), and noted no more; else `sign_in_expired` (400).
        """
        if self.store.throttles.count(f"uninvited:{address}", WINDOW) > UNINVITED_LIMIT:
            return AppError(
                "too_many_answers",
                "There were too many sign-ins that did not begin in this browser.",
                hint="Sign in on this page.",
                status=429,
            )
        self.store.audit.add("session.uninvited", "", "", address)
        return AppError(
            "sign_in_expired",
            "This sign-in did not begin in this browser, or it took too long.",
            hint="Sign in again.",
            status=400,
        )

    def _person(self, name: str, password: str, address: str) -> User | None:
        """Return the person of the password; None for nobody.

        A local account is checked here whatever backend is chosen, and by nobody else: no directory that is away, or
        has somebody of the same name, keeps the first administrator out or lets another in.
        """
        user = self.store.users.get(name)
        local = user is not None and user.source == "local"
        if self.backend is not None and self.directory is not None and not local:
            identity = self.backend.authenticate(name, password)
            return self.directory.admit(identity, self.backend.source, address) if identity else None
        if not passwords.verify(user.password_hash if user and local else "", password) or user is None:
            return None
        if passwords.outdated(user.password_hash):
            self.store.users.set_fields(user.name, password_hash=passwords.hash_password(password))
        return user

    def confirm(self, user: User, password: str, address: str) -> None:
        """Return when this is the person's present password. A session that somebody took must not serve to guess it.

        Raises:
            BadInputError: `password_wrong`.
            AppError: `password_elsewhere` (409); `too_many_attempts` (429), counted together with failed sign-ins.
        """
        must_be_local(user)
        self.check_limit(user.name, address)
        if not passwords.verify(user.password_hash, password):
            self.count_failure(user.name, address)
            raise BadInputError("password_wrong", "Your present password is not this one.", hint="Type it again.")

    def open_session(self, user: User, address: str) -> str:
        """Return the secret for the cookie of a new session."""
        secret, session = self.store.sessions.add(user.name, self.lifetime)
        self.store.audit.add("session.open", user.name, user.name, address, sid=session.id)
        return secret

    def resume_session(self, secret: str, *, use: bool = True) -> tuple[User, Session] | None:
        """Return the person and the session of a cookie; None where it is over. `use`: the look keeps it alive."""
        session = self.store.sessions.resume(secret, self.idle, use=use) if secret else None
        user = self.let_in(session.user) if session else None
        return (user, session) if user and session else None

    def alive(self, session_id: str, user: str) -> User | None:
        """Return the person of a session that is used by what came from it; None where it is over."""
        session = self.store.sessions.alive(session_id, user, self.idle)
        return self.let_in(session.user) if session else None

    def end_session(self, session: Session, address: str) -> None:
        """End a session and what was given to gateways for it."""
        self.store.sessions.end(session.id)
        self.store.tokens.end_with_session(session.id)
        self.store.audit.add("session.close", session.user, session.user, address, sid=session.id)

    def issue_token(
        self, user: User, name: str, seconds: float, address: str = "", *, actor: str = ""
    ) -> tuple[str, Token]:
        """Return the secret and the record of a new API token that is valid for `seconds`.

        `actor`: who makes it where that is somebody else, who can then act as this person; the log says so.

        Raises:
            BadInputError: the time is not between 1 s and 366 days.
            AppError: `account_banned` (403).
        """
        if user.banned:
            raise ban.refusal(user)
        if not 1 <= seconds <= MAX_TOKEN_SECONDS:
            raise BadInputError(
                "expires_in_invalid", "A token lives between 1 second and 366 days.", hint="Change expires_in."
            )
        secret, token = self.store.tokens.add(user.name, name, seconds)
        self.store.audit.add("token.create", actor or user.name, user.name, address, token=token.id, name=name)
        return secret, token

    def resume_token(self, secret: str) -> User | None:
        """Return the person of a living API token; None otherwise. One made for a gateway is none of these."""
        if not secret.startswith(TOKEN_PREFIX):
            return None
        token = self.store.tokens.resume(secret)
        return self.let_in(token.user) if token and token.sid is None else None

    def revoke_token(self, user: str, token_id: str, address: str = "", *, actor: str = "") -> bool:
        """End one of a person's tokens, by themselves where no actor is named; return whether there was one."""
        token = self.store.tokens.revoke(token_id, user)
        if token is not None:
            self.store.audit.add("token.revoke", actor or user, user, address, token=token_id)
        return token is not None

    def _refuse_banned(self, user: User, address: str) -> None:
        if user.banned:
            self.store.audit.add("session.banned", user.name, user.name, address)
            raise ban.refusal(user)

    def let_in(self, name: str) -> User | None:
        """Return the person; None for one who is banned: a session that was opened while they were is none."""
        user = self.store.users.get(name)
        return user if user is not None and not user.banned else None

    @staticmethod
    def _keys(name: str, address: str) -> tuple[tuple[str, int], ...]:
        # One key for every spelling that a directory takes for the same name. Without a name the address alone counts.
        account = name[:64].casefold()
        if not account:
            return ((f"address:{address}", ADDRESS_LIMIT),)
        return (
            (f"pair:{account}@{address}", PAIR_LIMIT),
            (f"account:{account}", ACCOUNT_LIMIT),
            (f"address:{address}", ADDRESS_LIMIT),
        )
