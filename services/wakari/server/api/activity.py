# SPDX-License-Identifier: GPL-3.0-or-later
"""What nodes reported, as the API shows it: activity of projects and nodes, drift of permissions."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field, ValidationError

from wakari.access import Action, Caller, has, require, require_site
from wakari.core.errors import AppError
from wakari.projects.reports import is_silent
from wakari.projects.sites import node_unknown
from wakari.server.api.models.base import Out
from wakari.server.api.present import visible
from wakari.server.api.routing import Page, Window, page_of_all
from wakari.server.api.table import TABLE
from wakari.server.services import services
from wakari.store.records import Node, Project
from wakari.store.reports import AppStopped, AppUse, Drift, ProjectUse


class AppOut(Out):
    """A running app. `cpu` in cores, memory in bytes, `idle` in seconds; `stops_at` null: never."""

    user: str
    app: str
    since: datetime
    cpu: float | None
    memory: int | None
    memory_peak: int | None
    tasks: int | None
    idle: float
    stops_at: datetime | None
    warned: bool


class StoppedOut(Out):
    """An app that the node stopped by itself, and why; until it is opened again, for seven days at most."""

    user: str
    app: str
    at: datetime
    reason: str


class DriftOut(Out):
    """The last check of the permissions of the project's files on a node."""

    project: str
    node: str
    at: datetime | None
    checked: int
    wrong: int
    examples: list[str]
    error: str | None


class ProjectNodeOut(Out):
    """The project on one of its nodes. `last_heartbeat`: when an app of it was last seen; null: never."""

    node: str
    last_heartbeat: datetime | None
    silent: bool
    apps: list[AppOut]
    stopped: list[StoppedOut]


class ProjectActivityOut(Out):
    """What happens in a project. Apps of others are told to those who may write."""

    last_heartbeat: datetime | None
    nodes: list[ProjectNodeOut]
    permissions: list[DriftOut]


class DiskOut(Out):
    """What the project's files take on a node, in bytes; `complete` false: counting took too long."""

    bytes: int
    shared_bytes: int
    files: int
    complete: bool


class RunningOut(Out):
    """An app that runs."""

    user: str
    app: str
    since: datetime


class NodeStatusOut(Out):
    """The project on a node, now. `team`: as its permissions were applied last; `error`: why it could not be asked."""

    node: str
    folder: bool = False
    environment: bool = False
    environments: list[str] = Field(default_factory=list)
    team: dict[str, str] | None = None
    apps: list[RunningOut] | None = None
    disk: DiskOut | None = None
    error: str | None = None


class ProjectStatusOut(Out):
    """The project on each of its nodes, now."""

    nodes: list[NodeStatusOut]


class NodeActivityOut(Out):
    """What a node said of itself last. `silent`: nothing for three intervals; load per minute, memory in bytes."""

    name: str
    last_heartbeat: datetime | None
    silent: bool
    interval: float | None
    load: list[float]
    cores: int | None
    memory_total: int | None
    memory_available: int | None
    apps: int | None


@TABLE.add(
    "GET",
    "/projects/{owner}/{name}/activity",
    "See what runs in a project, and when something last did",
    action=Action.PROJECT_READ,
    answer=ProjectActivityOut,
    errors=(404,),
)
def project(caller: Caller, owner: str, name: str) -> ProjectActivityOut:
    """Return what the project's nodes reported."""
    return project_activity(caller, visible(caller, owner, name))


@TABLE.add(
    "GET",
    "/projects/{owner}/{name}/status",
    "Ask a project's nodes how it is there now",
    action=Action.PROJECT_RUN,
    answer=ProjectStatusOut,
    errors=(404,),
)
def status(caller: Caller, owner: str, name: str) -> ProjectStatusOut:
    """Return what each node says; takes as long as the nodes do, up to fifteen seconds each."""
    found = visible(caller, owner, name)
    require(caller, Action.PROJECT_RUN, found)
    return project_status(caller, found)


@TABLE.add(
    "GET",
    "/nodes/{name}/activity",
    "See how a compute node is",
    action=Action.NODE_READ,
    answer=NodeActivityOut,
    errors=(404,),
)
def node(caller: Caller, name: str) -> NodeActivityOut:
    """Return what the node reported."""
    require_site(caller, Action.NODE_READ)
    found = services().store.nodes.get(name)
    if found is None:
        raise node_unknown()
    return node_activity(found)


@TABLE.add(
    "GET",
    "/permission-drift",
    "List projects whose files differ from their permissions, the worst first",
    action=Action.NODE_READ,
    answer=DriftOut,
    paged=True,
    filters=("node",),
)
def permission_drift(caller: Caller, window: Window, filters: dict[str, str]) -> Page[DriftOut]:
    """Return the checks that found something wrong or failed; one page."""
    require_site(caller, Action.NODE_READ)
    found = services().store.drifts.worst(0, filters)
    return page_of_all(found, window, lambda one: f"{one.project}/{one.node}", _drift)


def project_activity(caller: Caller, project: Project) -> ProjectActivityOut:
    """Return what the project's nodes reported, as far as the caller may know it."""
    store = services().store
    everybody = has(caller, Action.PROJECT_RUN, project)
    uses = {one.node: one for one in store.uses.of_project(project.id)}
    nodes = [_on_node(caller, everybody, name, uses.get(name), store.nodes.get(name)) for name in project.nodes]
    beats = [one.last_heartbeat for one in nodes if one.last_heartbeat is not None]
    drifts = [_drift(one) for one in store.drifts.of_project(project.id)] if everybody else []
    return ProjectActivityOut(last_heartbeat=max(beats, default=None), nodes=nodes, permissions=drifts)


def project_status(caller: Caller, found: Project) -> ProjectStatusOut:
    """Return what the project's nodes say when they are asked now."""
    nodes = []
    for name, told in services().status.of(found, caller.name).items():
        if isinstance(told, AppError):
            nodes.append(NodeStatusOut(node=name, error=told.message))
            continue
        try:
            nodes.append(NodeStatusOut.model_validate({**told, "node": name}))
        except ValidationError:
            nodes.append(NodeStatusOut(node=name, error="The node answered in a form this server does not know."))
    return ProjectStatusOut(nodes=nodes)


def node_activity(found: Node) -> NodeActivityOut:
    """Return what the node reported last; nulls where it never did."""
    beat = found.heartbeat
    return NodeActivityOut(
        name=found.name,
        last_heartbeat=beat.at if beat else None,
        silent=is_silent(found),
        interval=beat.interval if beat else None,
        load=list(beat.load) if beat else [],
        cores=beat.cores if beat else None,
        memory_total=beat.memory_total if beat else None,
        memory_available=beat.memory_available if beat else None,
        apps=beat.apps if beat else None,
    )


def _on_node(caller: Caller, everybody: bool, name: str, use: ProjectUse | None, found: Node | None) -> ProjectNodeOut:
    def may_know(one: AppUse | AppStopped) -> bool:
        return everybody or one.user == caller.name

    return ProjectNodeOut(
        node=name,
        last_heartbeat=use.heartbeat if use else None,
        silent=found is not None and is_silent(found),
        apps=[AppOut.model_validate(one.model_dump()) for one in (use.apps if use else ()) if may_know(one)],
        stopped=[StoppedOut.model_validate(one.model_dump()) for one in (use.stopped if use else ()) if may_know(one)],
    )


def _drift(found: Drift) -> DriftOut:
    return DriftOut.model_validate({**found.model_dump(), "examples": list(found.examples)})
