# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals and failures: JSON for programs, a page with the same words for people."""

from __future__ import annotations

import logging

from flask import Flask, Response, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from wakari.core import logs, web
from wakari.core.errors import AppError, UnavailableError
from wakari.server.services import services
from wakari.store import StoreUnavailable

log = logging.getLogger(__name__)

PROGRAM_PATHS = ("/api/", "/oauth/token", "/_wakari/")
Answer = tuple[Response, int] | Response


def register(app: Flask) -> None:
    """Replace the error handlers of wakari.core.web by ones that answer people with a page."""
    app.register_error_handler(AppError, answer)
    app.register_error_handler(StoreUnavailable, _store_unavailable)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unknown)


def answer(error: AppError) -> Answer:
    """Return the error in the form the client reads."""
    if request.path.startswith(PROGRAM_PATHS):
        return web.error_response(error)
    page = render_template("error.html", error=error, request_id=logs.request_id())
    return make_response(page, error.status)


def _store_unavailable(error: StoreUnavailable) -> Answer:
    return answer(
        UnavailableError(
            "database_unavailable", str(error), hint="Try again in a minute; an administrator looks after it."
        )
    )


def _csrf(_: CSRFError) -> Answer:
    return answer(
        AppError(
            "form_expired",
            "This form does not belong to your present session.",
            hint="Go back, reload the page and send the form again. Cookies must be allowed.",
            status=400,
        )
    )


def _http(error: HTTPException) -> Answer:
    if error.response is not None and error.code is not None and error.code < 400:  # noqa: PLR2004 - a redirect
        return Response(status=error.code, headers=dict(error.get_response().headers))
    status = error.code or 500
    if status == 404:  # noqa: PLR2004
        return answer(
            AppError(
                "not_found", "There is no such page.", hint="Check the address; names are case-sensitive.", status=404
            )
        )
    code = (error.name or "error").lower().replace(" ", "_")
    response = answer(AppError(code, error.description or error.name, status=status))
    if status == 405 and isinstance(error.get_headers(), list):  # noqa: PLR2004
        real = response[0] if isinstance(response, tuple) else response
        real.headers.extend([header for header in error.get_headers() if header[0] == "Allow"])
    return response


def _remember(error: Exception) -> None:
    """Note the error for administrators; where the database is away, the log alone has it."""
    known = g.get("signed_in")
    try:
        services().store.exceptions.take(
            error,
            service="wk-server",
            where=f"{request.method} {request.path}",
            user=known.user.name if known else "",
            request_id=logs.request_id(),
        )
    except StoreUnavailable:
        log.warning("an unexpected error could not be noted for administrators")


def _unknown(error: Exception) -> Answer:
    _remember(error)
    response, status = web.unknown_error_response(error)
    if request.path.startswith(PROGRAM_PATHS):
        return response, status
    return answer(
        AppError(
            "internal_error",
            "Something went wrong on our side.",
            hint="Try again; if it happens again, tell an administrator the request id.",
            status=500,
        )
    )
