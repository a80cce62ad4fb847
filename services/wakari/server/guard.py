# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every request: where it may come from, what a browser may do with the answer."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from flask import session as form_session

from wakari.core.errors import AppError
from wakari.server import who
from wakari.server.services import services

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Answer programs, which send no cookies: a token or a signature decides there, not where the request comes from.
TOKEN_PATHS = ("/api/", "/oauth/token")
STATIC = "/static/"


def register(app: Flask) -> None:
    """Install the checks and headers."""
    app.before_request(check_origin)
    app.before_request(bind_form_session)
    app.after_request(headers)


def check_origin() -> None:
    """Refuse a form that another site sends (Fetch Metadata, RFC 6454).

    Raises:
        AppError: `foreign_origin` (403).
    """
    if request.method in SAFE_METHODS or request.path.startswith(TOKEN_PATHS):
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        raise _foreign()
    origin = request.headers.get("Origin")
    if origin is not None:
        if origin.lower() not in {services().settings.url, request.host_url.rstrip("/").lower()}:
            raise _foreign()
    elif site is None:
        raise _foreign()


def bind_form_session() -> None:
    """Give each session forms of its own: a CSRF token taken before a sign-in is worth nothing after it."""
    if request.path.startswith((*TOKEN_PATHS, STATIC, "/_wakari/")):
        return
    signed_in = who.by_cookie()
    sid = signed_in.session.id if signed_in else ""
    if form_session.get("sid", "") != sid:
        form_session.clear()
        form_session["sid"] = sid


def headers(response: Response) -> Response:
    """Add the headers that limit what a page may do."""
    settings = services().settings
    static = "'self'" if settings.static_url.startswith("/") else f"{settings.static_url}/"
    extra = " ".join(getattr(g, "form_targets", ()))
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; script-src {static}; style-src {static}; img-src {static} data:; "
        f"font-src {static}; connect-src 'self'; form-action 'self' {extra}; frame-ancestors 'none'; base-uri 'none'"
    ).replace(" ;", ";")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "same-origin"  # no-referrer would make browsers send "Origin: null"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if settings.secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    if not request.path.startswith(STATIC):
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def safe_next(target: str | None) -> str:
    """Return where to go after a sign-in: a path on this server, `/` for anything else.

    Browsers read a backslash as a slash and drop tabs and line ends, so that such a path may lead elsewhere: refused.
    """
    if not target or not target.startswith("/") or target.startswith("//"):
        return "/"
    if "\\" in target or any(ord(char) <= 0x20 or ord(char) == 0x7F for char in target):  # noqa: PLR2004
        return "/"
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc or "%5c" in parts.path.lower() or parts.path.startswith("//"):
        return "/"
    return target


def _foreign() -> AppError:
    return AppError(
        "foreign_origin",
        "This form was not sent from a page of this server.",
        hint="Open the page on the server's own address and send the form from there.",
        status=403,
    )
