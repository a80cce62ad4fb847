# SPDX-License-Identifier: GPL-3.0-or-later
"""ID tokens: what a provider signed about somebody, checked as OpenID Connect Core 1.0, 3.1.3.7, says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

# The provider's public keys alone: by HS256 whoever knows the client's secret writes tokens, by `none` everybody.
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
LEEWAY = 60  # seconds that two clocks may differ
MAX_SUBJECT = 255  # characters; OpenID Connect Core, 2


class IdTokenError(Exception):
    """A token that proves nothing; the message says why, without quoting it."""


def proven(token: str, keys: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str) -> dict[str, Any]:
    """Return the claims of a token that this issuer signed for this client and this sign-in, and that is in its time.

    Raises:
        IdTokenError: anything of that is not so.
    """
    if not token:
        raise IdTokenError("there is no ID token in it")
    try:
        decoded = jwt.decode(token, KeySet.import_key_set(dict(keys)), algorithms=ALGORITHMS)  # type: ignore[arg-type]
        claims = dict(decoded.claims)
        jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": issuer},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        ).validate(claims)
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise IdTokenError(f"the ID token is not good ({type(error).__name__}: {str(error)[:100]})") from error
    audience = claims.get("aud")
    several = isinstance(audience, list) and len(audience) > 1
    if client_id not in (audience if isinstance(audience, list) else [audience]):
        raise IdTokenError("the ID token is for another client")
    if (several or "azp" in claims) and claims.get("azp") != client_id:
        raise IdTokenError("the ID token was given to another client")
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT:
        raise IdTokenError("the ID token's subject has an odd shape")
    return claims
