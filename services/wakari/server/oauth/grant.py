# SPDX-License-Identifier: GPL-3.0-or-later
"""The authorization code grant: PKCE with S256 always, codes of 60 s for one use."""

from __future__ import annotations

import re
from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge

from wakari.projects.spec import person
from wakari.server import who
from wakari.server.oauth.client import AUTH_METHOD, GatewayClient
from wakari.server.services import services
from wakari.server.who import SignedIn
from wakari.store.records import Code, User

CODE_SECONDS = 60
TOKEN_SECONDS = 60
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)  # base64url of SHA-256, RFC 7636, 4.2


class StoredCode:
    """A code as Authlib reads it."""

    code_challenge_method = "S256"

    def __init__(self, code: Code) -> None:
        self.code = code
        self.code_challenge = code.code_challenge

    def get_redirect_uri(self) -> str:
        """Return the address the code was sent to."""
        return self.code.redirect_uri

    def get_scope(self) -> str:
        """Return the scope that was granted."""
        return self.code.scope


class GatewayGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    """Codes for gateways, kept in MongoDB."""

    TOKEN_ENDPOINT_AUTH_METHODS = [AUTH_METHOD]  # noqa: RUF012 - Authlib's attribute

    def generate_authorization_code(self) -> str:
        """Return a new code, which is stored at once."""
        payload = self.request.payload
        signed_in: SignedIn = self.request.user
        return services().store.codes.add(
            client_id=self.request.client.client_id,
            redirect_uri=payload.redirect_uri,
            scope=self.request.scope,
            user=signed_in.user.name,
            sid=signed_in.session.id,
            code_challenge=payload.data["code_challenge"],
            browser=who.browser(),
            address=who.address(),
            lifetime=CODE_SECONDS,
        )

    def save_authorization_code(self, code: str, request: object) -> None:
        """Do nothing: it was stored when it was made."""

    def query_authorization_code(self, code: str, client: GatewayClient) -> StoredCode | None:
        """Return the code and use it up, whatever comes of it; None where it is not to be used.

        A second use shows that somebody else has it: what the first use gave is taken back (RFC 6749, 4.1.2).
        """
        good, reused = services().store.codes.use(code, client.client_id)
        if reused is not None:
            services().store.tokens.end_with_code(reused.digest)
            services().store.authorizations.end_with_code(reused.digest)
            services().store.audit.add("oauth.code.reused", reused.user, client.data_center.name)
        return StoredCode(good) if good else None

    def delete_authorization_code(self, authorization_code: StoredCode) -> None:
        """Do nothing: it is used up, and the mark of that is what shows a second use."""

    def authenticate_user(self, authorization_code: StoredCode) -> User | None:
        """Return the person, if the session the code came from is still alive."""
        code = authorization_code.code
        return services().sign_in.alive(code.sid, code.user)

    def generate_token(self, user: User, **_: object) -> dict[str, Any]:
        """Return the token answer in place of Authlib's generic one."""
        return make_token(self.request.client, user, self.request.authorization_code.code)

    def save_token(self, token: dict[str, Any]) -> None:
        """Do nothing: it was stored when it was made."""


class RequiredS256(CodeChallenge):  # type: ignore[misc]
    """PKCE that cannot be left out and knows no plain method (OAuth 2.1)."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012 - Authlib's attribute

    def validate_code_challenge(self, grant: GatewayGrant, redirect_uri: str) -> None:
        """Refuse a request without a challenge by S256."""
        data = grant.request.payload.data
        if data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("'code_challenge_method' must be S256")
        if not CHALLENGE.fullmatch(data.get("code_challenge") or ""):
            raise InvalidRequestError("'code_challenge' must be 43 characters of base64url")
        super().validate_code_challenge(grant, redirect_uri)


def make_token(client: GatewayClient, user: User, code: Code) -> dict[str, Any]:
    """Return the token answer: who signed in, and the id of the authorization their rights hang on.

    Raises:
        InvalidGrantError: the session the code came from has just ended.
    """
    granted = services().authorizations.grant(code)
    if granted is None:
        raise InvalidGrantError("the session has ended")
    secret, _token = services().store.tokens.add(
        user.name, f"gateway {client.data_center.name}", TOKEN_SECONDS, sid=code.sid, code=code.digest
    )
    services().store.audit.add(
        "oauth.authenticate",
        user.name,
        client.data_center.name,
        code.address,
        sid=code.sid,
        authorization=granted.id,
        browser=granted.browser,
    )
    return {
        "access_token": secret,
        "token_type": "Bearer",
        "expires_in": TOKEN_SECONDS,
        "scope": code.scope,
        "user": person(user).model_dump(exclude_none=True),
        "sid": granted.id,
    }
