# SPDX-License-Identifier: GPL-3.0-or-later
"""A data center as an OAuth client: confidential, one grant, one redirect address, matched exactly."""

from __future__ import annotations

from dataclasses import dataclass

from wakari.core import tokens
from wakari.core.errors import AppError
from wakari.store.records import DataCenter

SCOPE = "gateway"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523, 2.2
AUTH_METHOD = "client_secret_jwt"
AUDIENCE = "server"


@dataclass(frozen=True)
class GatewayClient:
    """What Authlib asks of a client (authlib.oauth2.rfc6749.ClientMixin)."""

    data_center: DataCenter

    @property
    def client_id(self) -> str:
        """Return the client id."""
        return self.data_center.client_id

    @property
    def redirect_uri(self) -> str:
        """Return the one address codes are sent to (docs/protocols.md)."""
        return f"{self.data_center.url}/_wakari/callback"

    def get_client_id(self) -> str:
        """Return the client id."""
        return self.client_id

    def get_default_redirect_uri(self) -> str | None:
        """Return None: the address must be named, so that both sides mean the same."""
        return None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Return whether it is exactly the registered address."""
        return redirect_uri == self.redirect_uri

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """Return the scope if it is the gateways' one; None refuses."""
        return SCOPE if scope == SCOPE else None

    def check_client_secret(self, client_secret: str) -> bool:  # noqa: ARG002 - Authlib's signature
        """Return False: the secret itself never travels."""
        return False

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Return whether this is how gateways prove who they are."""
        return method == AUTH_METHOD and endpoint == "token"

    def check_response_type(self, response_type: str) -> bool:
        """Return whether it is the code flow."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Return whether it is the code flow."""
        return grant_type == "authorization_code"


def issuer_client_id(assertion: str) -> str:
    """Return the client id the assertion claims to come from; empty where it claims none."""
    kind, _, client_id = tokens.unverified_issuer(assertion).partition(":")
    return client_id if kind == "gateway" else ""


def proves(assertion: str, client_id: str, secret: str) -> bool:
    """Return whether the assertion was signed with the client's secret, for this server, and is in its time."""
    try:
        tokens.verify(secret, assertion, AUDIENCE, f"gateway:{client_id}")
    except AppError:
        return False
    return True
