# SPDX-License-Identifier: GPL-3.0-or-later
"""Signed tokens between tiers and in gateway cookies: JWT, HS256 (RFC 7519, RFC 7515)."""

from __future__ import annotations

import base64
import json
import secrets
import time
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from wakari.core.errors import AppError

# docs/protocols.md, "Signed requests".
REQUEST_LIFETIME = 60
CLOCK_SKEW = 30
KEY_BYTES = 32


def new_key() -> str:
    """Return a new key: 256 random bits, base64url without padding."""
    return secrets.token_urlsafe(KEY_BYTES)


def sign(key: str, claims: dict[str, Any]) -> str:
    """Return the claims as a compact JWT, signed with the key. Raises ValueError for a key shorter than 256 bits."""
    return jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, _key(key), algorithms=["HS256"])


def sign_request(key: str, issuer: str, audience: str) -> str:
    """Return a token for one internal request, valid for 60 s."""
    now = int(time.time())
    return sign(
        key,
        {"iss": issuer, "aud": audience, "iat": now, "exp": now + REQUEST_LIFETIME, "jti": secrets.token_urlsafe(12)},
    )


def verify(key: str, token: str, audience: str, issuer: str | None = None) -> dict[str, Any]:
    """Return the claims of a token that was signed with the key for this audience (and issuer, where given).

    Raises:
        AppError: `token_invalid` (401) for a wrong signature, audience or issuer, or a token past its time.
    """
    try:
        claims = dict(jwt.decode(token, _key(key), algorithms=["HS256"]).claims)
        registry = jwt.JWTClaimsRegistry(
            now=int(time.time()), leeway=CLOCK_SKEW, exp={"essential": True}, aud={"essential": True, "value": audience}
        )
        registry.validate(claims)
    except (JoseError, ValueError) as error:
        raise _invalid(type(error).__name__) from error
    if issuer is not None and claims.get("iss") != issuer:
        raise _invalid("another issuer")
    return claims


def unverified_issuer(token: str) -> str:
    """Return the `iss` a token claims, to find the key it must be verified with; empty where it has none."""
    try:
        payload = token.split(".")[1]
        raw = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        issuer = json.loads(raw).get("iss", "")
    except (ValueError, IndexError, AttributeError):
        return ""
    return issuer if isinstance(issuer, str) else ""


def _key(key: str) -> OctKey:
    raw = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))
    if len(raw) < KEY_BYTES:
        raise ValueError("A signing key has fewer than 256 bits; let the role make a new one.")
    return OctKey.import_key(key.encode())


def _invalid(why: str) -> AppError:
    return AppError(
        "token_invalid",
        f"The credential was refused ({why}).",
        hint="Check that both sides hold the same key and that their clocks agree.",
        status=401,
    )
