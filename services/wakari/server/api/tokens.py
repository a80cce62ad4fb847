# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/v1/tokens."""

from __future__ import annotations

from wakari.access import Action, Caller, require_site
from wakari.core.errors import AppError
from wakari.server import who
from wakari.server.api.models.people import IssuedToken, NewToken, TokenOut
from wakari.server.api.routing import Page, Window, page_of_all
from wakari.server.api.table import TABLE
from wakari.server.services import services


@TABLE.add(
    "POST",
    "/tokens",
    "Get a token for user name and password",
    action=None,
    status=201,
    body=NewToken,
    answer=IssuedToken,
    errors=(401, 403, 409, 429),
)
def create(_: Caller, body: NewToken) -> IssuedToken:
    """Return a new token."""
    sign_in = services().sign_in
    user = sign_in.authenticate(body.username, body.password, who.address())
    secret, token = sign_in.issue_token(user, body.name, body.expires_in, who.address())
    return IssuedToken(id=token.id, token=secret, expires_at=token.expires_at)


@TABLE.add("GET", "/tokens", "List one's own tokens", action=Action.TOKEN_OWN, answer=TokenOut, paged=True)
def index(caller: Caller, window: Window) -> Page[TokenOut]:
    """Return the living ones, newest first."""
    return page_of_all(services().store.tokens.of(caller.name), window, lambda token: token.id, TokenOut.of)


@TABLE.add(
    "DELETE", "/tokens/{token}", "Revoke one of one's own tokens", action=Action.TOKEN_OWN, status=204, errors=(404,)
)
def revoke(caller: Caller, token: str) -> None:
    """End the token."""
    if not services().sign_in.revoke_token(caller.name, token, who.address()):
        raise AppError("token_not_found", "You have no such token.", hint="GET /api/v1/tokens lists them.", status=404)


@TABLE.add(
    "GET",
    "/users/{user}/tokens",
    "List the tokens of a person",
    action=Action.TOKEN_ALL,
    answer=TokenOut,
    paged=True,
    errors=(404,),
)
def of_person(caller: Caller, window: Window, user: str) -> Page[TokenOut]:
    """Return the living ones, newest first."""
    require_site(caller, Action.TOKEN_ALL)
    found = services().store.tokens.of(services().accounts.get(user).name)
    return page_of_all(found, window, lambda token: token.id, TokenOut.of)


@TABLE.add(
    "DELETE",
    "/users/{user}/tokens/{token}",
    "Revoke a token of a person",
    action=Action.TOKEN_ALL,
    status=204,
    errors=(404,),
)
def revoke_of_person(caller: Caller, user: str, token: str) -> None:
    """End the token."""
    require_site(caller, Action.TOKEN_ALL)
    if not services().sign_in.revoke_token(user, token, who.address(), actor=caller.name):
        raise AppError(
            "token_not_found",
            "This person has no such token.",
            hint="GET /api/v1/users/{user}/tokens lists them.",
            status=404,
        )
