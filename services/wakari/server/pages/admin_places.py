# SPDX-License-Identifier: GPL-3.0-or-later
"""Administration of places: data centers, compute nodes, and how files on nodes differ from their permissions."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from wakari.access import Action
from wakari.core.errors import AppError
from wakari.projects.sites import data_center_unknown, node_unknown
from wakari.server import who
from wakari.server.api.activity import node_activity
from wakari.server.pages.admin import needs
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import attempt, back, field, me, page
from wakari.server.services import services

DRIFTS = 100  # projects that are shown


@blueprint.get("/admin/data-centers")
@needs(Action.NODE_READ)
def admin_data_centers() -> tuple[str, int]:
    """Return the data centers with their health and nodes."""
    store = services().store
    found = store.data_centers.all()
    nodes = {center.id: store.nodes.of(center.id) for center in found}
    return page("admin/data_centers.html", tab="data-centers", data_centers=found, nodes=nodes)


@blueprint.post("/admin/data-centers/remove")
@needs(Action.DATA_CENTER_WRITE)
def admin_remove_data_center() -> Response:
    """Forget a data center without nodes and projects."""
    name, actor = field("name"), me().user.name

    def remove() -> None:
        found = services().store.data_centers.find(name)
        if found is None:
            raise data_center_unknown()
        services().sites.remove(found, actor=actor, address=who.address())

    attempt(remove, f"The data center {name} is removed.")
    return back("/admin/data-centers")


@blueprint.get("/admin/nodes")
@needs(Action.NODE_READ)
def admin_nodes() -> tuple[str, int]:
    """Return the compute nodes."""
    return _nodes()


@blueprint.post("/admin/nodes")
@needs(Action.NODE_WRITE)
def admin_add_node() -> Response | tuple[str, int]:
    """Register a compute node."""
    try:
        node = services().sites.add_node(
            field("name"),
            field("data_center"),
            field("url"),
            field("description"),
            actor=me().user.name,
            address=who.address(),
        )
    except AppError as error:
        return _nodes(error.status, error=error, form=request.form)
    attempt(lambda: None, f"The node {node.name} is registered. Its gateway needs its key: run the playbook.")
    return back("/admin/nodes")


@blueprint.post("/admin/nodes/remove")
@needs(Action.NODE_WRITE)
def admin_remove_node() -> Response:
    """Forget a compute node."""
    name, actor = field("name"), me().user.name
    attempt(
        lambda: services().sites.remove_node(name, actor=actor, address=who.address()), f"The node {name} is removed."
    )
    return back("/admin/nodes")


@blueprint.post("/admin/nodes/drain")
@needs(Action.NODE_WRITE)
def admin_drain_node() -> Response:
    """Give a node no new projects, or give it some again."""
    name, drained, actor = field("name"), bool(field("drained")), me().user.name

    def drain() -> None:
        found = services().store.nodes.get(name)
        if found is None:
            raise node_unknown()
        services().sites.change_node(found, drained=drained, actor=actor, address=who.address())

    attempt(drain, f"{name} gets no new projects from now on." if drained else f"{name} gets new projects again.")
    return back("/admin/nodes")


@blueprint.get("/admin/permissions")
@needs(Action.NODE_READ)
def admin_permissions() -> tuple[str, int]:
    """Return the projects whose files differ from their permissions."""
    drifts = services().store.drifts
    checked, wrong = drifts.summary()
    found = drifts.worst(DRIFTS)
    return page("admin/permissions.html", tab="permissions", drifts=found, checked=checked, wrong=wrong)


def _nodes(status: int = 200, **context: object) -> tuple[str, int]:
    store = services().store
    nodes = store.nodes.page("", 0)
    load = store.projects.load(node.name for node in nodes)
    centers = store.data_centers.all()
    names = {center.id: center.name for center in centers}
    return page(
        "admin/nodes.html",
        status,
        tab="nodes",
        nodes=nodes,
        activity={node.name: node_activity(node) for node in nodes},
        load=load,
        data_centers=centers,
        names=names,
        **context,
    )
