# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in and out."""

from __future__ import annotations

from flask import flash, g, request
from flask import session as form_session
from werkzeug.wrappers import Response

from wakari.core.errors import AppError
from wakari.server import guard, who
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import back, page
from wakari.server.services import services
from wakari.store.records import User


@blueprint.get("/login")
def login_form() -> Response | tuple[str, int]:
    """Return the form, or the way on for who has a session already."""
    target = guard.safe_next(request.args.get("next"))
    if who.by_cookie() is not None:
        return back(target)
    _allow_gateways(target)
    return form(target)


@blueprint.post("/login")
def login() -> Response | tuple[str, int]:
    """Open a session and go on."""
    # `next` in the form, or in the address where the form was sent to the page's own one.
    target = guard.safe_next(request.form.get("next") or request.args.get("next"))
    name = request.form.get("username", "").strip()
    sign_in = services().sign_in
    try:
        user = sign_in.authenticate(name, request.form.get("password", ""), who.address())
    except AppError as error:
        _allow_gateways(target)
        return form(target, error, name[:64])
    return enter(user, target)


@blueprint.post("/logout")
def logout() -> Response:
    """End the session."""
    signed_in = who.by_cookie()
    if signed_in is not None:
        services().sign_in.end_session(signed_in.session, who.address())
    form_session.clear()
    flash("You are signed out.", "good")
    response = back("/login")
    response.delete_cookie(who.COOKIE, path="/", httponly=True, samesite="Lax", secure=services().settings.secure)
    return response


def enter(user: User, target: str) -> Response:
    """Open a session for somebody whose identity is proven, in place of the former; return the way on."""
    sign_in = services().sign_in
    former = who.by_cookie()
    if former is not None:
        sign_in.end_session(former.session, who.address())
    form_session.clear()
    secret = sign_in.open_session(user, who.address())
    response = back(target)
    settings = services().settings
    response.set_cookie(
        who.COOKIE,
        secret,
        max_age=int(settings.session_lifetime),
        httponly=True,
        samesite="Lax",
        secure=settings.secure,
        path="/",
    )
    return response


def form(target: str, error: AppError | None = None, username: str = "") -> tuple[str, int]:
    """Return the page to sign in on."""
    settings = services().settings
    return page(
        "login.html",
        error.status if error else 200,
        target=target,
        error=error,
        username=username,
        registration=services().registrations.is_open(),
        forgot=services().outbox.on,
        password_source="" if services().oidc else settings.title_of(settings.accounts),
        provider=settings.title_of("oidc") if services().oidc else "",
    )


def _allow_gateways(target: str) -> None:
    # Browsers check form-action on redirects too: from this form through /oauth/authorize to the gateway.
    if target.startswith("/oauth/authorize"):
        g.form_targets = [data_center.url for data_center in services().store.data_centers.all()]
