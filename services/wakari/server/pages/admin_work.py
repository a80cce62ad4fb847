# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs on all nodes, and what opens the site to programs: running apps, everybody's API tokens."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from wakari.access import Action
from wakari.server import who
from wakari.server.api.present import visible
from wakari.server.pages.admin import needs
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import attempt, back, field, me, page
from wakari.server.services import services

APPS = "/admin/apps"
TOKENS = "/admin/tokens"
SHOWN = 200  # projects with running apps on a node, and tokens


@blueprint.get(APPS)
@needs(Action.APP_READ_ALL)
def admin_apps() -> tuple[str, int]:
    """Return the apps that run, as nodes reported them last."""
    store = services().store
    uses = store.uses.running(SHOWN + 1)
    known = {one.id: one for one in store.projects.named(use.project_id for use in uses)}
    rows = [
        (known[use.project_id], use.node, app) for use in uses[:SHOWN] if use.project_id in known for app in use.apps
    ]
    return page("admin/apps.html", tab="apps", rows=rows, more=len(uses) > SHOWN)


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
