# SPDX-License-Identifier: GPL-3.0-or-later
"""What nodes tell upward, passed on to the server: each node speaks of itself alone (docs/protocols.md, "Reports")."""

from __future__ import annotations

from typing import TypeVar

from flask import Blueprint, Response, jsonify, request

from wakari.core.errors import AppError
from wakari.core.messages import Message
from wakari.core.reports import Act, NodeReport
from wakari.core.web import require_signed
from wakari.gateway.calls import Calls
from wakari.gateway.messages import of_request
from wakari.gateway.settings import GatewaySettings

TIMEOUT = 15.0  # seconds; the node waits for twenty
M = TypeVar("M", NodeReport, Act)


def blueprint(settings: GatewaySettings, calls: Calls) -> Blueprint:
    """Return the routes that are signed by nodes."""
    reports = Blueprint("reports", __name__, url_prefix="/_wakari/v1")

    def from_node() -> str:
        """Return the name of the node that signed; AppError 401 for anybody else."""

        def key(issuer: str) -> str | None:
            kind, _, name = issuer.partition(":")
            node = calls.nodes.get(name) if kind == "node" else None
            return node.key if node is not None else None

        return require_signed(key, settings.identity).removeprefix("node:")

    def own(kind: type[M]) -> M:
        """Return the message; AppError 403 where the node speaks of another one."""
        name = from_node()
        message = of_request(kind, request.get_json())
        if message.node != name:
            raise AppError("node_wrong", f"The node {name} may speak of itself alone.", status=403)
        return message

    def pass_on(path: str, message: Message) -> Response:
        server = calls.settings.server()
        return jsonify(calls.client.call(server, "POST", path, message.model_dump(mode="json"), TIMEOUT))

    @reports.post("/reports")
    def report() -> Response:
        return pass_on("/api/internal/v1/reports", own(NodeReport))

    @reports.post("/acts")
    def act() -> Response:
        return pass_on("/api/internal/v1/acts", own(Act))

    return reports
