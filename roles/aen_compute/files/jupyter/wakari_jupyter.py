# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks: Jupyter learns it from the gateway.

Runs inside the root distribution's Python, as the person: only Jupyter and the standard library may be imported.
"""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING

from jupyter_server.auth.identity import IdentityProvider, User

if TYPE_CHECKING:
    import ssl

    from jupyter_server.serverapp import ServerApp
    from tornado.web import RequestHandler


class GatewayIdentityProvider(IdentityProvider):
    """Takes the person from what the gateway says; nobody but the person this server runs as is let in."""

    token = ""

    @property
    def login_available(self) -> bool:
        """Return False: people sign in at the platform's server."""
        return False

    @property
    def logout_available(self) -> bool:
        """Return False, likewise."""
        return False

    def get_user(self, handler: RequestHandler) -> User | None:
        """Return the person this server runs as, where the gateway names exactly that person; None otherwise."""
        headers = handler.request.headers
        names = headers.get_list("X-Wakari-User")
        own = pwd.getpwuid(os.getuid()).pw_name
        if names != [own]:
            return None
        # A bearer token is sent by programs on purpose, never by a browser on behalf of another site: no XSRF check.
        # The name is Jupyter's own, which its handlers and extensions look at.
        handler._token_authenticated = headers.get_list("X-Wakari-Credential") == ["bearer"]  # noqa: SLF001
        return User(username=own, name=own, display_name=own)

    def is_token_authenticated(self, handler: RequestHandler) -> bool:
        """Return whether the request came with a bearer token; without one Jupyter's XSRF and origin checks stay on."""
        return bool(getattr(handler, "_token_authenticated", False))

    def validate_security(self, app: ServerApp, ssl_options: ssl.SSLContext | None = None) -> None:
        """Say nothing: there is neither a port nor a password here."""
