# SPDX-License-Identifier: GPL-3.0-or-later
"""What the server asks a gateway: how its nodes are, and jobs on projects, passed on to the node that has them."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import Blueprint, Response, jsonify, request

from wakari.core import logs
from wakari.core.errors import AppError, UnavailableError
from wakari.core.messages import Job, StopApp
from wakari.core.web import ndjson, require_signed
from wakari.gateway.calls import Calls
from wakari.gateway.messages import of_request
from wakari.gateway.nodes import Node
from wakari.gateway.settings import GatewaySettings

log = logging.getLogger(__name__)

STATUS_TIMEOUT = 5.0  # seconds; a node that takes longer counts as not well
STOP_TIMEOUT = 55.0  # seconds; systemd kills what did not end after its own timeout
JOB_SILENCE = 3600.0  # seconds between two lines of a job: cloning an environment onto slow disks says little


def blueprint(settings: GatewaySettings, calls: Calls) -> Blueprint:
    """Return the routes `/_wakari/v1/...` and the health of this gateway."""
    jobs = Blueprint("jobs", __name__, url_prefix="/_wakari")

    def from_server() -> None:
        require_signed(lambda issuer: settings.CLIENT_SECRET if issuer == "server" else None, settings.identity)

    def known(name: str | None) -> Node:
        node = calls.nodes.get(name) if name else None
        if node is None:
            raise AppError(
                "node_unknown",
                f"This gateway has no compute node {name!r}.",
                hint="Check the project's node; run the playbook for a new one (it writes nodes.d on the gateway).",
                status=404,
            )
        return node

    @jobs.get("/health")
    def health() -> Response:
        return jsonify(status="ok", messages=[])

    @jobs.get("/v1/status")
    def status() -> Response:
        from_server()
        nodes = list(calls.nodes.all().values())
        request_id = logs.request_id()

        def ask(node: Node) -> list[str]:
            logs.take_request_id(request_id)
            return _messages_of(calls, node)

        with ThreadPoolExecutor(max_workers=min(32, len(nodes)) or 1) as pool:
            messages = [text for said in pool.map(ask, nodes) for text in said]
        if settings.draining_file.exists():
            messages.append("This gateway is being taken out of service: no more apps are opened here.")
        return jsonify(status="degraded" if messages else "ok", messages=messages)

    @jobs.post("/v1/jobs")
    def run_job() -> Response:
        from_server()
        job = of_request(Job, request.get_json())
        node = known(job.node)
        log.info(
            "job begins",
            extra={"verb": job.verb, "project": job.project.path, "node": node.name, "requested_by": job.requested_by},
        )
        return ndjson(_relay(calls, node, job))

    @jobs.post("/v1/apps/stop")
    def stop_app() -> Response:
        from_server()
        asked = of_request(StopApp, request.get_json())
        peer = known(asked.node).peer(calls.settings.identity)
        body = asked.model_dump(mode="json", exclude={"node"})
        return jsonify(calls.client.call(peer, "POST", "/_wakari/v1/apps/stop", body, timeout=STOP_TIMEOUT))

    return jobs


def _messages_of(calls: Calls, node: Node) -> list[str]:
    """Return what is wrong with a node, in sentences; empty where it is well."""
    try:
        peer = node.peer(calls.settings.identity)
        answer = calls.node_client.call(peer, "GET", "/_wakari/v1/status", timeout=STATUS_TIMEOUT)
    except AppError as error:
        return [f"{node.name}: {error.message}"]
    if answer.get("status") == "ok":
        return []
    said = answer.get("messages")
    texts = [str(text)[:300] for text in said[:10]] if isinstance(said, list) else []
    return [f"{node.name}: {text}" for text in texts] or [f"{node.name}: {str(answer.get('status'))[:100]}"]


def _relay(calls: Calls, node: Node, job: Job) -> Iterator[dict[str, Any]]:
    """Yield each line of the node's answer as it comes. Raises UnavailableError where the last line is missing."""
    body = job.model_copy(update={"node": None}).sent()
    ended = False
    try:
        peer = node.peer(calls.settings.identity)
        for line in calls.node_client.stream(peer, "/_wakari/v1/jobs", body, timeout=JOB_SILENCE):
            ended = "result" in line or "error" in line
            yield line
            if ended:
                break
    except AppError as error:
        log.warning("job failed", extra={"verb": job.verb, "project": job.project.path, "why": error.message})
        raise
    if not ended:
        raise UnavailableError(
            "job_broken",
            f"The compute node {node.name} broke off in the middle of a job.",
            hint="The job can be repeated.",
        )
    log.info("job ended", extra={"verb": job.verb, "project": job.project.path, "node": node.name})
