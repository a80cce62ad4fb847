# SPDX-License-Identifier: GPL-3.0-or-later
"""The Flask application of the control plane."""

from __future__ import annotations

from flask import Flask

from wakari.core import web
from wakari.core.messages import MAX_JOB
from wakari.gateway import internal, jobs, reports, search
from wakari.gateway.calls import Calls
from wakari.gateway.nodes import Nodes
from wakari.gateway.pages import Pages
from wakari.gateway.sessions import Sessions
from wakari.gateway.settings import GatewaySettings, cookie_keys
from wakari.gateway.sign_in import SignIn
from wakari.gateway.starting import Starter

MAX_BODY = MAX_JOB  # bytes


def create_app(settings: GatewaySettings) -> Flask:
    """Return the application. Raises SettingsError where the cookie keys cannot be read."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    web.prepare(app)
    keys = list(cookie_keys(settings.cookie_keys_file))
    calls = Calls(settings, Nodes(settings.nodes_dir))
    pages = Pages(settings)
    starter = Starter(settings, Sessions(settings, keys), calls, pages)
    app.register_blueprint(internal.blueprint(settings, keys, calls, starter))
    app.register_blueprint(starter.blueprint())
    app.register_blueprint(SignIn(settings, keys, calls, pages).blueprint())
    app.register_blueprint(jobs.blueprint(settings, calls))
    app.register_blueprint(reports.blueprint(settings, calls))
    app.register_blueprint(search.blueprint(settings, calls))
    return app
