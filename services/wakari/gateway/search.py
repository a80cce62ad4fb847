# SPDX-License-Identifier: GPL-3.0-or-later
"""A search of the server's, asked of all its nodes at once; a node that does not answer keeps the others' answers."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Blueprint, Response, jsonify, request

from wakari.core import logs
from wakari.core.errors import AppError
from wakari.core.search import GATEWAY_SECONDS, NodeQuery, Search
from wakari.core.web import require_signed
from wakari.gateway.calls import Calls
from wakari.gateway.messages import of_request
from wakari.gateway.settings import GatewaySettings

log = logging.getLogger(__name__)
_AT_ONCE = 32  # nodes


def blueprint(settings: GatewaySettings, calls: Calls) -> Blueprint:
    """Return the route `/_wakari/v1/search`."""
    search = Blueprint("search", __name__, url_prefix="/_wakari/v1")

    @search.post("/search")
    def run() -> Response:
        require_signed(lambda issuer: settings.CLIENT_SECRET if issuer == "server" else None, settings.identity)
        asked = of_request(Search, request.get_json())
        request_id = logs.request_id()

        def ask(pair: tuple[str, NodeQuery]) -> dict[str, Any]:
            logs.take_request_id(request_id)
            try:
                return {"result": _ask(calls, *pair)}
            except AppError as error:
                log.warning("a node did not search", extra={"node": pair[0], "why": error.message})
                return error.body(request_id)

        with ThreadPoolExecutor(max_workers=min(_AT_ONCE, len(asked.nodes)) or 1) as pool:
            answers = dict(zip(asked.nodes, pool.map(ask, asked.nodes.items()), strict=True))
        return jsonify(nodes=answers)

    return search


def _ask(calls: Calls, name: str, asked: NodeQuery) -> dict[str, Any]:
    node = calls.nodes.get(name)
    if node is None:
        raise AppError("node_unknown", f"This gateway has no compute node {name!r}.", status=404)
    peer = node.peer(calls.settings.identity)
    body = asked.model_dump(mode="json")
    return calls.client.call(peer, "POST", "/_wakari/v1/search", body, timeout=GATEWAY_SECONDS)
