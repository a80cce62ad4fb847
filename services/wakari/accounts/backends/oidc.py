# SPDX-License-Identifier: GPL-3.0-or-later
"""OpenID Connect: a provider says who somebody is (OpenID Connect Core 1.0, code flow, with PKCE, state and nonce)."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session

from wakari.accounts.backends.base import Identity, away
from wakari.accounts.backends.id_token import IdTokenError, proven
from wakari.accounts.backends.names import group_key
from wakari.accounts.backends.settings import OidcSettings
from wakari.core.errors import AppError, UnavailableError
from wakari.core.http import AUTHORITIES

log = logging.getLogger(__name__)

DISCOVERY = "/.well-known/openid-configuration"  # OpenID Connect Discovery 1.0, 4
METADATA_SECONDS = 300  # how long what the provider said of itself is taken to hold
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True)
class Attempt:
    """A sign-in that has begun; kept with the browser it began in."""

    state: str
    nonce: str
    verifier: str
    at: float = field(default_factory=time.time)

    @classmethod
    def new(cls) -> Attempt:
        """Return one with new random values of 256 bits."""
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))

    def kept(self) -> dict[str, Any]:
        """Return what `Attempt(**kept)` makes it from again."""
        return asdict(self)


@dataclass(frozen=True)
class Oidc:
    """The provider of the settings. `callback`: our own address that it sends people back to."""

    settings: OidcSettings
    prefix: Path
    callback: str
    _cache: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict, repr=False)

    @property
    def title(self) -> str:
        """Return its name for people."""
        return self.settings.title or "Your identity provider"

    def address(self, attempt: Attempt) -> str:
        """Return where to send the browser; raise UnavailableError where the provider does not answer."""
        with self._session() as session:
            url, _ = session.create_authorization_url(
                self._metadata(session)["authorization_endpoint"],
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
            )
        return str(url)

    def identity(self, attempt: Attempt, answer: Mapping[str, str]) -> Identity:
        """Return whom the provider's answer (the parameters of the callback) is about.

        Raises:
            AppError: `oidc_refused` (401), with the provider's reason; `oidc_answer_invalid` (401).
            UnavailableError: the provider does not answer.
        """
        if answer.get("error"):
            raise _refused(self.title, answer["error"], answer.get("error_description", ""))
        if answer.get("iss", self.settings.issuer) != self.settings.issuer:  # RFC 9207
            raise self._invalid("the answer is another provider's")
        with self._session() as session:
            metadata = self._metadata(session)
            try:
                token = session.fetch_token(
                    metadata["token_endpoint"],
                    code=answer.get("code", ""),
                    code_verifier=attempt.verifier,
                    timeout=self.settings.timeout,
                )
            except AuthlibBaseError as error:
                raise _refused(self.title, error.error or "", error.description or "") from error
            except (requests.RequestException, ValueError) as error:
                raise self._away(error) from error
            keys = self._json(session, metadata["jwks_uri"])
            try:
                claims = proven(
                    str(token.get("id_token", "")),
                    keys,
                    issuer=self.settings.issuer,
                    client_id=self.settings.client_id,
                    nonce=attempt.nonce,
                )
            except IdTokenError as error:
                raise self._invalid(str(error)) from error
            return self._identity({**claims, **self._more(session, metadata, str(claims["sub"]))})

    def _more(self, session: OAuth2Session, metadata: Mapping[str, Any], subject: str) -> dict[str, Any]:
        """Return what the provider tells of the person besides the ID token; nothing where it has no such place."""
        url = metadata.get("userinfo_endpoint")
        if not url:
            return {}
        found = self._json(session, str(url), withhold_token=False)
        if found.get("sub") != subject:  # OpenID Connect Core, 5.3.2
            raise self._invalid("userinfo is about somebody else")
        return found

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        names = self.settings.claims
        groups = claims.get(names.groups, [])
        listed = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
        return Identity(
            name=_text(claims, names.username),
            subject=f"{self.settings.issuer} {claims['sub']}",
            full_name=_text(claims, names.name),
            email=_text(claims, names.email),
            groups=frozenset(_keys(listed)),
        )

    def _metadata(self, session: OAuth2Session) -> dict[str, Any]:
        at, known = self._cache.get("metadata", (0.0, {}))
        if known and time.monotonic() - at < METADATA_SECONDS:
            return known
        found = self._json(session, self.settings.issuer.rstrip("/") + DISCOVERY)
        missing = [name for name in NEEDED if not isinstance(found.get(name), str)]
        if missing or found.get("issuer") != self.settings.issuer:
            raise self._away(f"its metadata is not that of {self.settings.issuer} (issuer {found.get('issuer')!r})")
        self._cache["metadata"] = (time.monotonic(), found)
        return found

    def _json(self, session: OAuth2Session, url: str, *, withhold_token: bool = True) -> dict[str, Any]:
        try:
            response = session.get(
                url, timeout=self.settings.timeout, withhold_token=withhold_token, allow_redirects=False
            )
            response.raise_for_status()
            found = response.json()
        except (requests.RequestException, AuthlibBaseError, ValueError) as error:
            raise self._away(error) from error
        if response.status_code != requests.codes.ok or not isinstance(found, dict):
            raise self._away(f"{url} answered {response.status_code} without an object")
        return found

    def _session(self) -> OAuth2Session:
        secret = self._secret()
        session = OAuth2Session(
            self.settings.client_id,
            secret or None,
            token_endpoint_auth_method=self.settings.token_endpoint_auth_method if secret else "none",
            scope=self.settings.scope,
            redirect_uri=self.callback,
            code_challenge_method="S256",
        )
        session.trust_env = False
        session.verify = str(self.settings.tls_cacert or AUTHORITIES)
        return session

    def _secret(self) -> str:
        if self.settings.client_secret_file is None:
            return self.settings.client_secret
        try:
            return (self.prefix / self.settings.client_secret_file).read_text(encoding="utf-8").split("\n", 1)[0]
        except OSError as error:
            raise self._away(error) from error

    def _away(self, reason: object) -> UnavailableError:
        log.error("the identity provider does not answer as it should", extra={"reason": str(reason)[:500]})
        return away(self.title)

    def _invalid(self, reason: str) -> AppError:
        log.error("an answer of the identity provider cannot be trusted", extra={"reason": reason[:500]})
        return AppError(
            "oidc_answer_invalid",
            f"What {self.title} answered cannot be trusted: {reason}.",
            hint="Try again; if it happens again, tell an administrator.",
            status=401,
        )


def _refused(title: str, error: str, description: str) -> AppError:
    told = " ".join(part for part in (error, description) if part)
    shown = "".join(letter for letter in told if letter.isprintable())[:200]
    return AppError(
        "oidc_refused",
        f"{title} did not let you sign in ({shown or 'no reason given'}).",
        hint="Try again, or ask an administrator.",
        status=401,
    )


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name, "")
    return value if isinstance(value, str) else ""


def _keys(groups: list[Any]) -> list[str]:
    found = []
    for group in groups:
        try:
            found.append(group_key(str(group)))
        except ValueError:
            log.warning("a group of the identity provider has an odd name", extra={"group": ascii(group)[:100]})
    return found
