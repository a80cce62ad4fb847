# SPDX-License-Identifier: GPL-3.0-or-later
"""Who sends the current request."""

from __future__ import annotations

from dataclasses import dataclass

from flask import g, request

from wakari.access import Caller
from wakari.accounts import browsers
from wakari.core import web
from wakari.core.errors import AppError
from wakari.server.services import services
from wakari.store.records import Session, User

COOKIE = "wk_session"


@dataclass(frozen=True)
class SignedIn:
    """A person on the pages, and their session."""

    user: User
    session: Session

    @property
    def caller(self) -> Caller:
        """Return the person as wakari.access knows them."""
        return Caller.of(self.user.name, self.user.roles, self.user.groups)


def address() -> str:
    """Return the client's address as NGINX saw it."""
    return request.remote_addr or ""


def browser() -> str:
    """Return in words what the client says it is."""
    return browsers.words(request.headers.get("User-Agent", ""))


def by_cookie() -> SignedIn | None:
    """Return the person of the session cookie; None where there is no living session. Asked once a request."""
    if "signed_in" not in g:
        # A page that asks by itself how its project is does: a tab left open is nobody at work.
        use = "HX-Request" not in request.headers
        found = services().sign_in.resume_session(request.cookies.get(COOKIE, ""), use=use)
        g.signed_in = SignedIn(*found) if found else None
    signed_in: SignedIn | None = g.signed_in
    return signed_in


def by_token() -> Caller:
    """Return the caller of the bearer token; the anonymous one where none is sent.

    Raises:
        AppError: `token_invalid` (401) for a token that ended or never was.
    """
    secret = web.bearer()
    if not secret:
        return Caller()
    user = services().sign_in.resume_token(secret)
    if user is None:
        raise token_invalid()
    return Caller.of(user.name, user.roles, user.groups)


def token_invalid() -> AppError:
    """Return the refusal of a token."""
    return AppError(
        "token_invalid",
        "The token is not valid any more, or never was.",
        hint="Get a new one: POST /api/v1/tokens.",
        status=401,
    )
