# SPDX-License-Identifier: GPL-3.0-or-later
"""How the platform is, for machines that watch it: the state of each dependency, and figures for Prometheus."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator
from typing import cast

from flask import Blueprint, Response, current_app, jsonify
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from wakari.access import Action, require_site
from wakari.core.errors import AppError, UnavailableError
from wakari.projects.reports import is_silent
from wakari.server import who
from wakari.server.http_figures import HttpFigures
from wakari.server.services import Services, services
from wakari.store import StoreUnavailable
from wakari.store.base import now

blueprint = Blueprint("health", __name__)
FIGURES = "wakari-figures"
WORKER_SILENCE = 45.0  # seconds; a worker speaks every ten
CHECKS_MISSED = 4  # of the looks at a gateway, until its last answer counts for nothing
States = dict[str, dict[str, str]]


@blueprint.get("/health")
def health() -> tuple[Response, int]:
    """Return whether this server can work, which is whether MongoDB answers; for load balancers, without a sign-in."""
    try:
        services().store.ping()
    except StoreUnavailable as error:
        return jsonify({"status": "error", "messages": [str(error)]}), UnavailableError("", "").status
    return jsonify({"status": "ok", "messages": []}), 200


@blueprint.get("/v1/status")
def status() -> tuple[Response, int]:
    """Return how each dependency is: 200 ok or degraded, 503 where nothing works."""
    # Asked before who is asking: a token cannot be looked up while MongoDB is away.
    try:
        services().store.ping()
    except StoreUnavailable as error:
        gone = {"mongodb": {"status": "down", "message": str(error)}}
        return jsonify({"status": "error", "dependencies": gone}), UnavailableError("", "").status
    _allowed()
    found = dependencies(services())
    well = all(one["status"] == "ok" for one in found.values())
    return jsonify({"status": "ok" if well else "degraded", "dependencies": found}), 200


@blueprint.get("/metrics")
def metrics() -> Response:
    """Return the figures in the text format of Prometheus; requests are counted from the start of the server."""
    _allowed()
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures(services()))
    registry.register(cast("HttpFigures", current_app.extensions[FIGURES]))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def dependencies(found: Services) -> States:
    """Return the state of each dependency (ok, degraded, down, unknown) and what is wrong with it."""
    states: States = {"mongodb": {"status": "ok", "message": ""}}
    living = found.store.workers.living(WORKER_SILENCE)
    states["worker"] = (
        {"status": "ok", "message": ""}
        if living
        else {"status": "down", "message": f"No wakari-worker spoke within {WORKER_SILENCE:g} s: start one."}
    )
    for place in found.store.data_centers.all():
        told = {"status": place.health.status, "message": " ".join(place.health.messages)}
        asked = place.health.checked_at
        if asked is None:
            told = {"status": "unknown", "message": "It was not asked yet."}
        elif (now() - asked).total_seconds() > CHECKS_MISSED * found.settings.health_interval + WORKER_SILENCE:
            told = {"status": "unknown", "message": f"It was last asked {asked.isoformat()}."}
        states[f"gateway:{place.name}"] = told
    return states


class Figures:
    """Collects for one answer. All is read from the database: each process of the server tells the same."""

    def __init__(self, found: Services) -> None:
        self._services = found

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield every figure. Names of data centers and nodes are told; none of people or projects."""
        store = self._services.store
        begin = time.perf_counter()
        store.ping()
        yield _one("wakari_mongodb_ping_seconds", "How long MongoDB took to answer.", time.perf_counter() - begin)
        up = {name: float(one["status"] == "ok") for name, one in dependencies(self._services).items()}
        yield _each("wakari_dependency_up", "Whether the dependency is well.", "dependency", up)
        tasks = {"queued": 0, "running": 0, "done": 0, "failed": 0, "dead": 0, "cancelled": 0, **store.tasks.by_state()}
        yield _each("wakari_tasks", "Tasks of the last 30 days.", "state", tasks)
        yield _one(
            "wakari_task_oldest_due_seconds", "For how long the first in the queue waits.", store.tasks.oldest_due()
        )
        projects = {"stopped": 0, "starting": 0, "running": 0, "stopping": 0, "error": 0, **store.projects.by_state()}
        yield _each("wakari_projects", "Projects.", "state", projects)
        living = store.workers.living(WORKER_SILENCE)
        yield _one("wakari_workers", "Workers that live.", len(living))
        yield _one("wakari_worker_threads", "Tasks they take at once.", sum(one.threads for one in living))
        yield _one("wakari_users", "Accounts.", store.users.count())
        told = {
            node.name: float(node.heartbeat is not None and not is_silent(node)) for node in store.nodes.page("", 0)
        }
        yield _each("wakari_node_reporting", "Whether the compute node reports.", "node", told)
        asked = {
            place.name: (now() - place.health.checked_at).total_seconds()
            for place in store.data_centers.all()
            if place.health.checked_at is not None
        }
        yield _each("wakari_gateway_seen_seconds", "When the gateway was last asked.", "data_center", asked)
        yield _one("wakari_security_log_entries", "Entries ever written to the security log.", store.audit.highest())


def _one(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _each(name: str, text: str, label: str, values: dict[str, float] | dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family


def _allowed() -> None:
    """Return for the server node itself and for a token of staff.

    Raises:
        AppError: 401 or 403.
    """
    address = who.address()
    try:
        if ipaddress.ip_address(address).is_loopback:
            return
    except ValueError:
        pass  # a Unix socket has no address; NGINX always tells one
    caller = who.by_token()
    if not caller.name:
        raise AppError(
            "sign_in_required", "This needs a token, or a call on the server node itself.", hint="Send one.", status=401
        )
    require_site(caller, Action.NODE_READ)
