# SPDX-License-Identifier: GPL-3.0-or-later
"""Sign-in at a project's own origin: it has a cookie of its own, which no other origin of the site can set or read.

The project's origin leaves a secret with the browser and sends it to the gateway's own origin with a note that names
the secret's digest; from there it goes through the server's sign-in as ever, and comes back with a ticket that is good
for the holder of the secret alone, which ends with its use. No session of the gateway's own origin is made on the way.
"""

from __future__ import annotations

import hmac
import logging
import secrets
from typing import Any
from urllib.parse import urlencode

from flask import request

from wakari.gateway.origins import Origins
from wakari.gateway.sessions import LOGIN_SECONDS, Sessions, digest
from wakari.gateway.settings import GatewaySettings

log = logging.getLogger(__name__)

HOST_COOKIE = "__Host-wk_gateway"  # RFC 6265bis, section 4.1.3.2: from this host alone, over TLS alone
ENTRY_COOKIE = "__Host-wk_gateway_entry"
TICKET_SECONDS = 60
LOGIN_PATH, ENTER_PATH = "/_wakari/login", "/_wakari/enter"


class Entry:
    """Both ends of the way from a project's origin to the gateway's own and back."""

    def __init__(self, settings: GatewaySettings, sessions: Sessions) -> None:
        self._settings = settings
        self._sessions = sessions
        self._origins = Origins(settings)

    def label(self) -> str | None:
        """Return the label of the project's origin that the current request is for; None at the gateway's own."""
        return self._origins.of_host(request.host)

    def session(self, own_cookie: str) -> dict[str, Any] | None:
        """Return the claims of the session of the origin that is asked; None where there is none."""
        label = self.label()
        value = request.cookies.get(HOST_COOKIE if label else own_cookie, "")
        return self._sessions.read_cookie(value, label)

    def begin(self, label: str, next_path: str) -> tuple[str, str]:
        """Return the address at the gateway's own origin to go to, and the secret to leave with the browser."""
        secret = secrets.token_urlsafe(32)
        note = self._sessions.new_note("entry", LOGIN_SECONDS, origin=label, browser=digest(secret), next=next_path)
        return f"{self._settings.EXTERNAL_GATEWAY_URL}{LOGIN_PATH}?{urlencode({'entry': note})}", secret

    def is_note(self, note: str) -> bool:
        """Return whether a project's origin of ours wrote this note."""
        return self._sessions.read_note("entry", note) is not None

    def back(self, note: str, user: str, sid: str) -> str | None:
        """Return the address at the project's origin to go to, for who signed in; None where the note is too old."""
        claims = self._sessions.read_note("entry", note)
        if claims is None:
            return None
        told = {name: str(claims[name]) for name in ("origin", "browser", "next")}
        ticket = self._sessions.new_note("ticket", TICKET_SECONDS, user=user, sid=sid, **told)
        return f"{self._origins.address(told['origin'])}{ENTER_PATH}?{urlencode({'ticket': ticket})}"

    def take(self, ticket: str) -> tuple[str, str] | None:
        """Return the session cookie and the path to go to; None for a ticket of another origin or another browser."""
        claims = self._sessions.read_note("ticket", ticket)
        secret = request.cookies.get(ENTRY_COOKIE, "")
        label = self.label()
        if claims is None or label is None or claims["origin"] != label:
            return None
        if not hmac.compare_digest(str(claims["browser"]), digest(secret)):
            return None
        log.info("signed in", extra={"user": claims["user"], "origin": label})
        return self._sessions.new_cookie(claims["user"], claims["sid"], label), str(claims["next"])
