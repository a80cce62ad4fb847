# SPDX-License-Identifier: GPL-3.0-or-later
"""The launcher's calls (docs/protocols.md, "Compute node"). Every one must be signed by this node's own gateway."""

from __future__ import annotations

import logging
import os
import pwd
import time
from typing import Any, TypeVar

from flask import Flask, Response, g, jsonify, request
from pydantic import ValidationError

from wakari.compute import manifests
from wakari.compute.helper_client import HelperClient
from wakari.compute.opening import OpenApp, Opening
from wakari.compute.settings import ComputeSettings
from wakari.core import web
from wakari.core.errors import AppError, BadInputError
from wakari.core.messages import MAX_JOB, Job, Message, StopApp, first_problem, stopped_by
from wakari.core.search import NodeQuery
from wakari.helper import systemd
from wakari.monitor import stopped
from wakari.search import local as indexer

log = logging.getLogger(__name__)
M = TypeVar("M", bound=Message)
# How much of the projects' disk must be free for the node to call itself well.
_LOW_DISK = 0.05


def create_app(settings: ComputeSettings) -> Flask:
    """Return the application. Raises SettingsError where the node's key is missing: it does not start without."""
    app = web.prepare(Flask(__name__))
    app.config["MAX_CONTENT_LENGTH"] = MAX_JOB
    key = settings.key()
    helper = HelperClient(settings.helper(), settings.job_timeout)
    opening = Opening(settings, helper)
    gateway = f"gateway:{settings.gateway_client_id}" if settings.gateway_client_id else None

    @app.before_request
    def _authenticate() -> None:
        g.issuer = web.require_signed(lambda issuer: key if issuer == gateway else None, f"node:{settings.node_name}")

    @app.get("/_wakari/v1/status")
    def status() -> Response:
        return jsonify(_status(settings))

    @app.post("/_wakari/v1/jobs")
    def jobs() -> Response:
        job = _message(Job)
        if job.node not in {None, settings.node_name}:
            raise BadInputError("node_wrong", f"This node is {settings.node_name}, the job is for {job.node}.")
        fields = _fields(job)
        log.info("job", extra={"verb": job.verb, "project": job.project.path, "requested_by": job.requested_by})
        return web.ndjson(helper.stream(job.verb, job.requested_by, **fields))

    @app.post("/_wakari/v1/apps/open")
    def open_app() -> Response:
        return jsonify(opening.open(_message(OpenApp)))

    @app.post("/_wakari/v1/search")
    def search() -> Response:
        return jsonify(_search(settings))

    @app.get("/_wakari/v1/apps")
    def apps() -> Response:
        return jsonify(items=[_described(unit) for unit in systemd.apps()])

    @app.post("/_wakari/v1/apps/stop")
    def stop_app() -> Response:
        asked = _message(StopApp)
        _stop(asked, settings, helper)
        return jsonify(instance=asked.instance, state="stopped")

    return app


def _stop(asked: StopApp, settings: ComputeSettings, helper: HelperClient) -> None:
    """Stop the app where it runs; note for its person who did where somebody else asked for it."""
    unit = systemd.app(asked.instance)
    if unit is None:
        return
    helper.call("stop-app", asked.requested_by or unit.user, instance=asked.instance)
    if asked.requested_by is not None:
        told = stopped.report(unit, time.time(), stopped_by(asked.requested_by))
        stopped.memory(settings).put(asked.instance, told)
        log.info("app stopped", extra={"instance": asked.instance, "requested_by": asked.requested_by})


def _fields(job: Job) -> dict[str, Any]:
    """Return what the helper is told of a job, besides its verb and who asked for it."""
    fields: dict[str, Any] = {"project": job.project.model_dump()}
    if job.verb == "remove-project":
        fields["mode"] = job.files
    if job.verb == "transfer-project":
        fields["former"] = job.former.model_dump() if job.former else None
    if job.verb in {"mark-project", "find-project"}:
        fields["marker"] = job.marker
    return fields


def _search(settings: ComputeSettings) -> dict[str, Any]:
    asked = _message(NodeQuery)
    if settings.search_socket is None:
        raise AppError("search_off", "This node has no search.", status=404)
    return indexer.ask(settings.search_socket, asked)


def _status(settings: ComputeSettings) -> dict[str, Any]:
    messages = problems(settings)
    count = 0
    try:
        count = len(systemd.apps())
    except AppError as error:
        messages.append(error.message)
    return {
        "status": "degraded" if messages else "ok",
        "messages": messages,
        "node": settings.node_name,
        "apps": count,
        "load": list(os.getloadavg()),
    }


def problems(settings: ComputeSettings) -> list[str]:
    """Return what is wrong with this node; an empty list where all is well."""
    found = []
    if settings.gateway_client_id is None:
        found.append("gateway_client_id is not set: this node belongs to no gateway yet.")
    try:
        disk = os.statvfs(settings.project_root)
    except OSError as error:
        found.append(f"The project root {settings.project_root} cannot be used: {error.strerror}.")
    else:
        if disk.f_blocks and disk.f_bavail / disk.f_blocks < _LOW_DISK:
            found.append(f"The disk of {settings.project_root} is nearly full.")
    if settings.anonymous and not _exists(settings.anonymous):
        found.append(f"The account {settings.anonymous!r} of ANON_USER does not exist: public projects cannot start.")
    return found + manifests.read_all(settings.below_prefix(settings.apps_dir))[1]


def _exists(account: str) -> bool:
    try:
        pwd.getpwnam(account)
    except KeyError:
        return False
    return True


def _described(unit: systemd.AppUnit) -> dict[str, Any]:
    return {
        "instance": unit.instance,
        "owner": unit.owner,
        "project": unit.project,
        "user": unit.user,
        "app": unit.app,
        "since": unit.since,
    }


def _message(kind: type[M]) -> M:
    try:
        return kind.model_validate(request.get_json(silent=True))
    except ValidationError as error:
        raise BadInputError("request_invalid", f"The request breaks the contract: {first_problem(error)}.") from error
