# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/internal/v1: decisions, changes of them, sign-out, and how a gateway checks that it is registered."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, jsonify, request
from pydantic import BaseModel, ConfigDict, Field, model_validator

from wakari.access import Action, Caller, Level, level
from wakari.access.questions import not_found, require
from wakari.core import web
from wakari.core.errors import AppError, BadInputError
from wakari.core.reports import Act, NodeReport
from wakari.projects.spec import person, project_spec
from wakari.server import who
from wakari.server.api.present import page_url
from wakari.server.api.routing import read_body
from wakari.server.services import services
from wakari.store.records import DataCenter, User

blueprint = Blueprint("internal", __name__)
AUDIENCE = "server"
MAX_REPORT = 1 << 20  # bytes; as much as a gateway takes from a node
LONGEST_WAIT = 20.0  # seconds; a process that ends lets requests run for as long


class Credential(BaseModel):
    """What the person showed the gateway: exactly one of the three."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    sid: str | None = Field(default=None, max_length=64)
    user: str | None = Field(default=None, max_length=64)
    token: str | None = Field(default=None, max_length=128, repr=False)
    anonymous: bool | None = None

    @model_validator(mode="after")
    def _one(self) -> Credential:
        given = (self.sid is not None and self.user is not None, self.token is not None, self.anonymous is True)
        if sum(given) != 1 or (self.sid is None) != (self.user is None):
            raise ValueError('give {"sid", "user"}, {"token"} or {"anonymous": true}')
        return self


class Question(BaseModel):
    """May the person with this credential come into this project?"""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    credential: Credential
    owner: str = Field(max_length=64)
    project: str = Field(max_length=64)


@blueprint.post("/decisions")
def decisions() -> Response:
    """Return who it is, their level on the project, its state and where it runs.

    Raises:
        AppError: 401 `session_ended` or `token_invalid` where the credential is dead.
    """
    data_center = calling_gateway()
    question = cast("Question", read_body(Question))
    user = person_of(question.credential, data_center)
    caller = caller_of(user)
    answer: dict[str, Any] = {
        "user": person(user).sent() if user else None,
        "level": Level.NONE.label,
        "state": None,
        "reason": None,
        "project": None,
        "nodes": [],
        "project_page": page_url(question.owner, question.project),
    }
    project = services().store.projects.get(question.owner, question.project)
    # Of a project that is elsewhere, or that the person may not see, nothing is told: not even that it exists.
    if project is not None and project.data_center == data_center.id and not project.deleting:
        held = level(caller, project)
        if held > Level.NONE:
            spec = project_spec(services().store, project)
            answer |= {
                "level": held.label,
                "state": project.state,
                "reason": project.reason,
                "project": spec.sent(),
                "nodes": list(project.nodes),
            }
    return jsonify(answer)


@blueprint.delete("/authorizations/<authorization>")
def sign_out(authorization: str) -> Response:
    """Return whether the calling gateway had this authorization, whose person signed out there; it ends."""
    ended = services().authorizations.sign_out(authorization, calling_gateway().id)
    return jsonify({"ended": ended})


@blueprint.get("/data-center")
def own_data_center() -> Response:
    """Return the calling gateway's registration, and whether it may let visitors in without a sign-in."""
    found = calling_gateway()
    return jsonify(
        {
            "id": found.id,
            "name": found.name,
            "url": found.url,
            "client_id": found.client_id,
            "anonymous_reading": services().site.get().anonymous_reading,
        }
    )


@blueprint.post("/reports")
def reports() -> Response:
    """Take a node's heartbeat; return the projects whose permissions the node shall check."""
    data_center = calling_gateway()
    request.max_content_length = MAX_REPORT
    report = cast("NodeReport", read_body(NodeReport))
    due = services().reports.take(report, data_center.id)
    return jsonify({"check_permissions": [spec.model_dump(mode="json") for spec in due]})


@blueprint.post("/acts")
def acts() -> Response:
    """Do what a person on a node asks for, who needs the level for it as everywhere.

    Raises:
        AppError: `project_not_found` (404) where the project does not live on that node, or is not shared with them.
    """
    data_center = calling_gateway()
    act = cast("Act", read_body(Act))
    user = services().store.users.get(act.person)
    project = services().store.projects.get(act.owner, act.project)
    lives_there = project is not None and project.data_center == data_center.id and act.node in project.nodes
    if user is None or user.banned or project is None or not lives_there:
        raise not_found()
    caller = Caller.of(user.name, user.roles, user.groups)
    if level(caller, project) < Level.WRITE:
        # On a node a role on the site gives nobody a right: apps open for people of the team alone.
        require(Caller.of(user.name, (), user.groups), Action.PROJECT_ENVIRONMENT, project)
    changed = services().creation.update(caller, project, environment=act.environment)
    return jsonify({"owner": changed.owner, "project": changed.name, "environment": changed.environment})


@blueprint.get("/changes")
def changes() -> Response:
    """Return what changed who may do what, after the position in `after`; waits up to `wait` seconds for it.

    Raises:
        BadInputError: `wait` is no number of seconds up to LONGEST_WAIT.
    """
    data_center = calling_gateway()
    wait = _seconds(request.args.get("wait", "0"))
    if wait is None:
        raise BadInputError("wait_invalid", "This is no time to wait.", hint=f"Give 0 to {LONGEST_WAIT:g} seconds.")
    found = services().store.changes.since(request.args.get("after"), data_center.id, wait)
    return jsonify({"after": found.position, "revoke": list(found.changes), "reset": found.lost})


def _seconds(text: str) -> float | None:
    """Return the seconds; None where they are no number or too many."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 <= value <= LONGEST_WAIT else None


def calling_gateway() -> DataCenter:
    """Return the data center that signed the request; raise AppError 401 for anybody else."""
    issuer = web.require_signed(_key, AUDIENCE)
    found = services().store.data_centers.get(issuer.removeprefix("gateway:"))
    if found is None:
        raise who.token_invalid()  # removed between the two look-ups
    return found


def _key(issuer: str) -> str | None:
    kind, _, client_id = issuer.partition(":")
    found = services().store.data_centers.get(client_id) if kind == "gateway" else None
    return services().sites.secret(found) if found else None


def caller_of(user: User | None) -> Caller:
    """Return the person as wakari.access knows them; nobody may read what is public where the site lets visitors."""
    if user is None:
        return Caller(reads_public=services().site.get().anonymous_reading)
    return Caller.of(user.name, user.roles, user.groups)


def person_of(credential: Credential, data_center: DataCenter) -> User | None:
    """Return the person behind a credential that a gateway shows; None for nobody.

    Raises:
        AppError: 401 where it is dead, or was given to another gateway.
    """
    if credential.token is not None:
        user = services().sign_in.resume_token(credential.token)
        if user is None:
            raise who.token_invalid()
        return user
    if credential.sid is not None and credential.user is not None:
        user = services().authorizations.person(credential.sid, credential.user, data_center.id)
        if user is None:
            raise AppError("session_ended", "The session has ended.", hint="Sign in again.", status=401)
        return user
    return None
