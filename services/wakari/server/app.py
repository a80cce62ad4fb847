# SPDX-License-Identifier: GPL-3.0-or-later
"""create_app: the application from frozen settings. Nothing is read at import."""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from flask import Flask
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from wakari.core import web
from wakari.server import failures, guard
from wakari.server.api.blueprint import blueprint as api
from wakari.server.health import FIGURES
from wakari.server.health import blueprint as health
from wakari.server.http_figures import HttpFigures
from wakari.server.internal import blueprint as internal
from wakari.server.oauth.blueprint import blueprint as oauth
from wakari.server.oauth.blueprint import init_authority, token
from wakari.server.pages import blueprint as pages
from wakari.server.services import EXTENSION, build
from wakari.server.settings import ServerSettings

PACKAGE = Path(__file__).parent
STATIC_FOLDER = PACKAGE / "static"
MAX_BODY = 256 * 1024  # bytes; nothing on the server takes files


def create_app(settings: ServerSettings, figures: HttpFigures | None = None) -> Flask:
    """Return the application; raise SettingsError where a secret is missing or a placeholder.

    `figures`: where requests are counted, shared by the processes of a server; default: its own.
    """
    app = Flask(__name__, static_folder=str(STATIC_FOLDER), template_folder=str(PACKAGE / "templates"))
    app.extensions[EXTENSION] = build(settings)
    app.config.update(
        SECRET_KEY=_derive(settings.secret_key(), "forms"),
        SESSION_COOKIE_NAME="wk_form",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure,
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_MEMORY_SIZE=MAX_BODY,
        WTF_CSRF_TIME_LIMIT=None,  # bound to the session instead, see guard.bind_form_session
    )
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=0, x_prefix=0)  # type: ignore[method-assign]
    counted = figures or HttpFigures()
    counted.install(app)
    app.extensions[FIGURES] = counted
    web.prepare(app)
    failures.register(app)
    guard.register(app)
    csrf = CSRFProtect(app)
    for blueprint in (api, internal):
        csrf.exempt(blueprint)
    csrf.exempt(token)
    if not settings.secure:
        # Authlib refuses to work without TLS unless told; here TLS is the site's choice, in WAKARI_SERVER.
        os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "true"
    init_authority(app)
    app.register_blueprint(api, url_prefix="/api/v1")
    app.register_blueprint(internal, url_prefix="/api/internal/v1")
    app.register_blueprint(oauth, url_prefix="/oauth")
    app.register_blueprint(pages)
    app.register_blueprint(health, url_prefix="/_wakari")
    return app


def _derive(secret: str, purpose: str) -> str:
    """Return a key of its own for each purpose."""
    return hmac.new(secret.encode(), f"wakari {purpose} v1".encode(), hashlib.sha256).hexdigest()
