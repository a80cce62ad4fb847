# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on all nodes, and what opens the site to programs: running apps, everybody's API tokens."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from wakari.access import Action
from wakari.projects.running import find, running_apps
from wakari.server import who
from wakari.server.api.present import visible
from wakari.server.pages.admin import needs
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import attempt, back, field, me, page
from wakari.server.services import services

APPS = "/admin/apps"
TOKENS = "/admin/tokens"
SHOWN = 200  # running apps, and tokens


@blueprint.get(APPS)
@needs(Action.APP_READ_ALL)
def admin_apps() -> tuple[str, int]:
    """Return the apps that run, as nodes reported them last."""
    rows = running_apps(services().store)
    return page("admin/apps.html", tab="apps", rows=rows[:SHOWN], count=len(rows), more=len(rows) > SHOWN)


@blueprint.post(f"{APPS}/stop")
@needs(Action.APP_READ_ALL)
def admin_stop_project() -> Response:
    """Stop a project with all of its apps; who may is decided as on its own page."""
    owner, _, name = field("project").partition("/")

    def stop() -> None:
        project = visible(me().caller, owner, name)
        services().lifecycle.stop(me().caller, project, who.address())

    attempt(stop, f"{owner}/{name} is being stopped.")
    return back(APPS)


@blueprint.post(f"{APPS}/stop-app")
@needs(Action.APP_STOP)
def admin_stop_app() -> Response:
    """Stop one app; its project and the other apps go on."""

    def stop() -> None:
        found = find(services().store, field("app", 64), field("node", 64))
        services().stop_app.stop(me().caller, found, who.address())

    attempt(stop, "The app is stopped; its person is told on the project's page.")
    return back(APPS)


@blueprint.get(TOKENS)
@needs(Action.TOKEN_ALL)
def admin_tokens() -> tuple[str, int]:
    """Return everybody's living tokens, or one person's."""
    user = request.args.get("user", "")[:64].strip()
    found = services().store.tokens.everybodys(user, SHOWN + 1)
    return page("admin/tokens.html", tab="tokens", tokens=found[:SHOWN], more=len(found) > SHOWN, user=user)


@blueprint.post(f"{TOKENS}/revoke")
@needs(Action.TOKEN_ALL)
def admin_revoke_token() -> Response:
    """End a person's token."""
    user, token, actor = field("user", 64), field("token", 64), me().user.name
    attempt(
        lambda: services().sign_in.revoke_token(user, token, who.address(), actor=actor),
        f"The token of {user} is revoked.",
    )
    return back(TOKENS)
