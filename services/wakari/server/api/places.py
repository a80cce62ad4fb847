# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/v1/data-centers and /api/v1/nodes."""

from __future__ import annotations

from wakari.access import Action, Caller, require_site
from wakari.projects.sites import data_center_unknown, node_unknown
from wakari.server import who
from wakari.server.api.models.places import (
    DataCenterChange,
    DataCenterOut,
    DataCenterSecret,
    NewDataCenter,
    NewNode,
    NodeChange,
    NodeOut,
)
from wakari.server.api.routing import Page, Window, page
from wakari.server.api.table import TABLE
from wakari.server.services import services
from wakari.store.records import DataCenter

CENTERS, CENTER = "/data-centers", "/data-centers/{id}"


@TABLE.add("GET", CENTERS, "List data centers", action=Action.DATA_CENTER_READ, answer=DataCenterOut, paged=True)
def data_centers(caller: Caller, window: Window) -> Page[DataCenterOut]:
    """Return data centers in the order of their names."""
    require_site(caller, Action.DATA_CENTER_READ)
    found = services().store.data_centers.page(window.after, window.limit + 1)
    return page(found, window, lambda center: center.name, DataCenterOut.of)


@TABLE.add(
    "POST",
    CENTERS,
    "Register a gateway",
    action=Action.DATA_CENTER_WRITE,
    status=201,
    body=NewDataCenter,
    answer=DataCenterSecret,
    errors=(409,),
)
def register(caller: Caller, body: NewDataCenter) -> DataCenterSecret:
    """Return the data center with its client secret."""
    require_site(caller, Action.DATA_CENTER_WRITE)
    made, secret = services().sites.register(
        body.name, body.url, body.summary, actor=caller.name, address=who.address()
    )
    return DataCenterSecret.told(made, secret)


@TABLE.add("GET", CENTER, "See a data center", action=Action.DATA_CENTER_READ, answer=DataCenterOut, errors=(404,))
def data_center(caller: Caller, id: str) -> DataCenterOut:  # noqa: A002 - the name in the path
    """Return the data center."""
    require_site(caller, Action.DATA_CENTER_READ)
    return DataCenterOut.of(_known(id))


@TABLE.add(
    "PATCH",
    CENTER,
    "Change a data center, or make a new client secret",
    action=Action.DATA_CENTER_WRITE,
    body=DataCenterChange,
    answer=DataCenterSecret,
    errors=(404, 409),
)
def change(caller: Caller, id: str, body: DataCenterChange) -> DataCenterSecret:  # noqa: A002
    """Return the data center after the change; with its new secret where one was made."""
    require_site(caller, Action.DATA_CENTER_WRITE)
    changed, secret = services().sites.change(
        _known(id),
        name=body.name,
        url=body.url,
        summary=body.summary,
        rotate_secret=body.rotate_secret,
        actor=caller.name,
        address=who.address(),
    )
    return DataCenterSecret.told(changed, secret)


@TABLE.add("DELETE", CENTER, "Remove a data center", action=Action.DATA_CENTER_WRITE, status=204, errors=(404, 409))
def remove(caller: Caller, id: str) -> None:  # noqa: A002
    """Forget the data center."""
    require_site(caller, Action.DATA_CENTER_WRITE)
    services().sites.remove(_known(id), actor=caller.name, address=who.address())


@TABLE.add(
    "GET",
    "/nodes",
    "List compute nodes",
    action=Action.NODE_READ,
    answer=NodeOut,
    paged=True,
    filters=("data_center", "state"),
)
def nodes(caller: Caller, window: Window, filters: dict[str, str]) -> Page[NodeOut]:
    """Return nodes in the order of their names."""
    require_site(caller, Action.NODE_READ)
    found = services().store.nodes.page(window.after, window.limit + 1, filters)
    return page(found, window, lambda node: node.name, NodeOut.of)


@TABLE.add(
    "POST",
    "/nodes",
    "Register a compute node",
    action=Action.NODE_WRITE,
    status=201,
    body=NewNode,
    answer=NodeOut,
    errors=(409,),
)
def add_node(caller: Caller, body: NewNode) -> NodeOut:
    """Return the new node."""
    require_site(caller, Action.NODE_WRITE)
    made = services().sites.add_node(
        body.name, body.data_center, body.url, body.description, actor=caller.name, address=who.address()
    )
    return NodeOut.of(made)


@TABLE.add("GET", "/nodes/{name}", "See a compute node", action=Action.NODE_READ, answer=NodeOut, errors=(404,))
def node(caller: Caller, name: str) -> NodeOut:
    """Return the node."""
    require_site(caller, Action.NODE_READ)
    found = services().store.nodes.get(name)
    if found is None:
        raise node_unknown()
    return NodeOut.of(found)


@TABLE.add(
    "PATCH",
    "/nodes/{name}",
    "Change or drain a compute node",
    action=Action.NODE_WRITE,
    body=NodeChange,
    answer=NodeOut,
    errors=(404, 409),
)
def change_node(caller: Caller, name: str, body: NodeChange) -> NodeOut:
    """Return the node after the change."""
    require_site(caller, Action.NODE_WRITE)
    found = services().store.nodes.get(name)
    if found is None:
        raise node_unknown()
    changed = services().sites.change_node(
        found,
        url=body.url,
        description=body.description,
        drained=body.drained,
        actor=caller.name,
        address=who.address(),
    )
    return NodeOut.of(changed)


@TABLE.add("DELETE", "/nodes/{name}", "Remove a compute node", action=Action.NODE_WRITE, status=204, errors=(404, 409))
def remove_node(caller: Caller, name: str) -> None:
    """Forget the node."""
    require_site(caller, Action.NODE_WRITE)
    services().sites.remove_node(name, actor=caller.name, address=who.address())


def _known(data_center_id: str) -> DataCenter:
    found = services().store.data_centers.get(data_center_id)
    if found is None:
        raise data_center_unknown()
    return found
