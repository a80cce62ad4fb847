# SPDX-License-Identifier: GPL-3.0-or-later
"""What the data plane asks the control plane, over the Unix socket (docs/protocols.md, "Gateway")."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from wakari.core.errors import AppError
from wakari.gateway.calls import Calls
from wakari.gateway.messages import ChangesRequest, DecideRequest, OpenRequest, PageRequest, of_request
from wakari.gateway.opener import Opener
from wakari.gateway.settings import GatewaySettings
from wakari.gateway.site_facts import SiteFacts
from wakari.gateway.starting import Starter


def blueprint(settings: GatewaySettings, keys: list[str], calls: Calls, starter: Starter) -> Blueprint:
    """Return the routes below `/internal`."""
    internal = Blueprint("internal", __name__, url_prefix="/internal")
    opener: Opener[dict[str, Any]] = Opener()
    facts = SiteFacts(calls)

    @internal.before_request
    def data_plane_alone() -> None:
        # The data plane strips every X-Wakari- header a client sends, and passes on only `/` and `/_wakari/...`.
        if request.headers.get("X-Wakari-Data-Plane") != "1":
            raise AppError("not_found", "There is nothing at this address.", status=404)

    @internal.get("/settings")
    def tell_settings() -> Response:
        return jsonify(
            audience=settings.identity,
            cookie_keys=keys,
            external_url=settings.EXTERNAL_GATEWAY_URL,
            visitors=facts.anonymous_reading(),
            draining=settings.draining_file.exists(),
        )

    @internal.post("/decide")
    def decide() -> Response:
        asked = of_request(DecideRequest, request.get_json())
        decision = calls.decide(asked.credential, asked.owner, asked.project)
        # Without a person there is an instance to route to for visitors alone.
        known = decision.user is not None or asked.credential.anonymous is True
        level = decision.level if known else "none"
        return jsonify(
            user=decision.user.name if decision.user else "",
            level=level,
            state=decision.state or "stopped",
            reason=decision.reason or "",
            project_page=decision.project_page or "",
            ttl=settings.decision_ttl,
        )

    @internal.post("/changes")
    def changes() -> Response:
        found = calls.changes(of_request(ChangesRequest, request.get_json()))
        return jsonify(after=found.after, revoke=list(found.revoke), reset=found.reset)

    @internal.post("/open")
    def open_app() -> ResponseReturnValue:
        asked = of_request(OpenRequest, request.get_json())

        def work() -> dict[str, Any]:
            node, opened, decision = calls.open(asked)
            host, port = node.address()
            return {
                "user": decision.user.name if decision.user else "",
                "node_name": node.name,
                "node_host": host,
                "node_port": port,
                "node_key": node.key,
                "node_tls": node.expected_name,
                "instance": opened.instance,
                "permission": opened.permission,
                "ttl": settings.route_ttl,
            }

        route = opener.run(_attempt_key(asked), work, asked.wait)
        if route is None:
            return jsonify(state="opening"), 202
        return jsonify(route)

    @internal.post("/page")
    def page() -> Response:
        return starter.page(of_request(PageRequest, request.get_json()))

    return internal


def _attempt_key(asked: OpenRequest) -> str:
    """Return who opens what, in a form that keeps no token."""
    return hashlib.sha256(
        json.dumps([asked.credential.body(), asked.owner, asked.project, asked.app]).encode()
    ).hexdigest()
