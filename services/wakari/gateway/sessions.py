# SPDX-License-Identifier: GPL-3.0-or-later
"""What a browser carries for this gateway: the session cookie, and `state` while a sign-in is under way."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from typing import Any

from wakari.core import tokens
from wakari.core.errors import AppError
from wakari.gateway.settings import GatewaySettings

LOGIN_SECONDS = 600  # a person may type a password and look up a code meanwhile


class Sessions:
    """Makes and reads both, with the cookie keys: the first signs, each verifies."""

    def __init__(self, settings: GatewaySettings, keys: list[str]) -> None:
        self._settings = settings
        self._keys = keys
        self._login_audience = f"login:{settings.CLIENT_ID}"

    def new_state(self, next_path: str, binding: str, entry: str = "") -> tuple[str, str]:
        """Return `state` and the PKCE verifier of a sign-in begun by the browser that holds `binding`.

        `entry` is the note of the project's origin that it is for, where it is for one.
        """
        now = int(time.time())
        jti = secrets.token_urlsafe(12)
        claims = {
            "aud": self._login_audience,
            "iat": now,
            "exp": now + LOGIN_SECONDS,
            "jti": jti,
            "next": next_path,
            "browser": digest(binding),
            "entry": entry,
        }
        return tokens.sign(self._keys[0], claims), self._verifier(self._keys[0], jti, binding)

    def read_state(self, state: str) -> tuple[dict[str, Any], str]:
        """Return the claims of a `state` of ours and the key it was signed with; raise AppError for another."""
        return self._verify(state, self._login_audience)

    def verifier_of(self, claims: dict[str, Any], key: str, binding: str) -> str | None:
        """Return the PKCE verifier where the sign-in was begun by the browser that holds `binding`; None otherwise."""
        if not hmac.compare_digest(str(claims.get("browser", "")), digest(binding)):
            return None
        return self._verifier(key, str(claims.get("jti", "")), binding)

    def new_cookie(self, user: str, sid: str, origin: str | None = None) -> str:
        """Return the value of a session cookie: of the gateway's own origin, or of the project's with this label."""
        now = int(time.time())
        life = int(self._settings.session_hours * 3600)
        claims = {"sub": user, "sid": sid, "jti": secrets.token_urlsafe(12), "iat": now, "exp": now + life}
        claims |= {"origin": origin} if origin else {}
        return tokens.sign(self._keys[0], {**claims, "aud": self._settings.identity})

    def read_cookie(self, value: str, origin: str | None = None) -> dict[str, Any] | None:
        """Return the claims of a session cookie; None where it is not one of ours, of another origin, or too old."""
        try:
            claims = self._verify(value, self._settings.identity)[0]
        except AppError:
            return None
        return claims if claims.get("origin") == origin else None

    def new_note(self, purpose: str, seconds: int, **claims: str) -> str:
        """Return a signed note to ourselves that travels by a browser's address."""
        now = int(time.time())
        return tokens.sign(self._keys[0], {**claims, "aud": self._audience(purpose), "iat": now, "exp": now + seconds})

    def read_note(self, purpose: str, note: str) -> dict[str, Any] | None:
        """Return the claims of a note for this purpose; None where it is not one of ours, or too old."""
        try:
            return self._verify(note, self._audience(purpose))[0]
        except AppError:
            return None

    def _audience(self, purpose: str) -> str:
        return f"{purpose}:{self._settings.CLIENT_ID}"

    def _verify(self, token: str, audience: str) -> tuple[dict[str, Any], str]:
        for key in self._keys[:-1]:
            try:
                return tokens.verify(key, token, audience), key
            except AppError:
                continue
        return tokens.verify(self._keys[-1], token, audience), self._keys[-1]

    @staticmethod
    def _verifier(key: str, jti: str, binding: str) -> str:
        # Derived, not stored: 43 characters as RFC 7636, section 4.1, asks for.
        raw = hmac.digest(key.encode(), f"pkce:{jti}:{binding}".encode(), "sha256")
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def challenge(verifier: str) -> str:
    """Return the S256 challenge of a PKCE verifier (RFC 7636, section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def digest(binding: str) -> str:
    """Return what may be told of a secret that only its browser holds."""
    return hashlib.sha256(binding.encode()).hexdigest()
