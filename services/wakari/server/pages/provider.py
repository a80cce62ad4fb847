# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in at an OpenID provider: there and back."""

from __future__ import annotations

import time

from flask import abort, redirect, request
from flask import session as form_session
from werkzeug.wrappers import Response

from wakari.accounts.backends.oidc import Attempt, Oidc
from wakari.core.errors import AppError, UnavailableError
from wakari.server import guard, who
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.session import enter, form
from wakari.server.services import services

KEPT = "oidc"  # the attempts of this browser, in its signed cookie
MAX_ATTEMPTS = 3  # tabs that wait at the provider; a cookie holds 4 KB
MAX_TARGET = 500  # characters
MAX_SECONDS = 900  # that somebody may take at the provider


@blueprint.get("/login/oidc")
def to_provider() -> Response | tuple[str, int]:
    """Send the browser to the provider."""
    target = guard.safe_next(request.args.get("next"))
    attempt = Attempt.new()
    try:
        services().sign_in.check_limit("", who.address())
        address = _provider().address(attempt)
    except AppError as error:
        return form(target, error)
    waiting = {
        **form_session.get(KEPT, {}),
        attempt.state: [attempt.kept(), target if len(target) <= MAX_TARGET else "/"],
    }
    form_session[KEPT] = dict(list(waiting.items())[-MAX_ATTEMPTS:])
    return redirect(address, 303)


@blueprint.get("/login/oidc/callback")
def from_provider() -> Response | tuple[str, int]:
    """Open a session for whom the provider vouches."""
    provider = _provider()
    waiting = dict(form_session.get(KEPT, {}))
    kept, target = waiting.pop(request.args.get("state", ""), (None, "/"))
    form_session[KEPT] = waiting
    sign_in = services().sign_in
    if kept is None or time.time() - kept["at"] > MAX_SECONDS:
        # Somebody else's answer would sign this browser in as them (RFC 6749, 10.12).
        return form(target, sign_in.uninvited(who.address()))
    try:
        sign_in.check_limit("", who.address())
        identity = provider.identity(Attempt(**kept), request.args)
        user = sign_in.vouched(identity, "oidc", who.address())
    except AppError as error:
        if not isinstance(error, UnavailableError):
            sign_in.count_failure("", who.address())
        return form(target, error)
    return enter(user, target)


def _provider() -> Oidc:
    found = services().oidc
    if found is None:
        abort(404)
    return found
