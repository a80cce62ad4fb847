# SPDX-License-Identifier: GPL-3.0-or-later
"""/oauth/authorize and /oauth/token."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2 import OAuth2Error
from flask import Blueprint, Flask, Response, current_app, redirect, request

from wakari.core.errors import AppError
from wakari.server import who
from wakari.server.oauth.client import ASSERTION_TYPE, AUTH_METHOD, SCOPE, GatewayClient, issuer_client_id, proves
from wakari.server.oauth.grant import GatewayGrant, RequiredS256
from wakari.server.services import services

blueprint = Blueprint("oauth", __name__)
EXTENSION = "wakari_oauth"


def init_authority(app: Flask) -> None:
    """Give the application its authority."""
    app.config["OAUTH2_SCOPES_SUPPORTED"] = [SCOPE]
    authority = AuthorizationServer(app, query_client=_client, save_token=_nothing)
    authority.register_client_auth_method(AUTH_METHOD, _authenticate)
    authority.register_grant(GatewayGrant, [RequiredS256(required=True)])
    app.extensions[EXTENSION] = authority


@blueprint.get("/authorize")
def authorize() -> Any:  # noqa: ANN401 - a response of Flask or Werkzeug
    """Send the person back to the gateway with a code; to the sign-in page first where there is no session.

    No question is asked: gateways are part of the platform. Errors go back to the gateway only when the redirect
    address is its own; anything else is told to the person.
    """
    authority = _authority()
    signed_in = who.by_cookie()
    try:
        grant = authority.get_consent_grant(end_user=signed_in)
    except OAuth2Error as error:
        if getattr(error, "redirect_uri", None):
            return authority.handle_error_response(None, error)
        raise AppError(
            "oauth_request_invalid",
            "This request to sign in does not come from a gateway of this site.",
            hint="Open the app from its project's page; an administrator can check the gateway's registration.",
            detail={"reason": error.error},
        ) from None
    if signed_in is None:
        here = request.full_path.rstrip("?")
        return redirect(f"/login?{urlencode({'next': here})}", 303)
    return authority.create_authorization_response(grant_user=signed_in, grant=grant)


@blueprint.post("/token")
def token() -> Any:  # noqa: ANN401
    """Return the token for a code, or an error as RFC 6749, 5.2, shapes it."""
    response: Response = _authority().create_token_response()
    response.headers["Cache-Control"] = "no-store"
    return response


def _authority() -> AuthorizationServer:
    return current_app.extensions[EXTENSION]


def _client(client_id: str) -> GatewayClient | None:
    found = services().store.data_centers.get(client_id)
    return GatewayClient(found) if found else None


def _authenticate(query_client: object, oauth_request: Any) -> GatewayClient | None:  # noqa: ANN401, ARG001
    form = oauth_request.form
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        return None
    assertion = form.get("client_assertion", "")
    client = _client(issuer_client_id(assertion))
    if client is None or form.get("client_id", client.client_id) != client.client_id:
        return None
    return client if proves(assertion, client.client_id, services().sites.secret(client.data_center)) else None


def _nothing(token_answer: object, oauth_request: object) -> None:
    """Authlib asks for a place to save tokens; the grant has saved it."""
