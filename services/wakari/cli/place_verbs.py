# SPDX-License-Identifier: GPL-3.0-or-later
"""`wk-server-admin nodes | data-centers`."""

from __future__ import annotations

import argparse

from wakari.cli import server_verbs
from wakari.cli.verbs import ACTOR, ALL, Result, Subparsers
from wakari.projects.sites import data_center_unknown, node_unknown
from wakari.server.services import Services
from wakari.store.records import DataCenter, Node


def enter(verbs: Subparsers) -> None:
    """Enter the verbs."""
    nodes = verbs.things("nodes", list_nodes, "list and change compute nodes")
    nodes.filter("--data-center", metavar="DATA_CENTER", help="id or name")
    nodes.action("show", show_node, "show a compute node", "NAME")
    add = nodes.action("add", server_verbs.add_resource, "register a compute node, or bring it in line", "NAME")
    add.add_argument("--data-center", required=True, metavar="DATA_CENTER", help="id or name")
    add.add_argument("--url", required=True, help="http://host:5002")
    add.add_argument("--description")
    change = nodes.action("change", change_node, "change or drain a compute node", "NAME")
    change.add_argument("--url")
    change.add_argument("--description")
    change.add_argument(
        "--drain", action=argparse.BooleanOptionalAction, dest="drained", help="a drained node gets no new projects"
    )
    nodes.action("remove", server_verbs.remove_resource, "forget a compute node", "NAME")

    centers = verbs.things("data-centers", list_data_centers, "list data centers and their health")
    centers.action("show", show_data_center, "show a data center", "NAME")


def list_nodes(services: Services, arguments: argparse.Namespace) -> Result:
    """Return nodes."""
    fields = {"data_center": _center(services, arguments.data_center).id} if arguments.data_center else {}
    centers = _names(services)
    return [_node(node, centers) for node in services.store.nodes.page("", ALL, fields)]


def show_node(services: Services, arguments: argparse.Namespace) -> Result:
    """Return one node, with what it reported last."""
    found = _known(services, arguments.name)
    beat = found.heartbeat.model_dump(mode="json") if found.heartbeat else None
    return {**_node(found, _names(services)), "heartbeat": beat}


def change_node(services: Services, arguments: argparse.Namespace) -> Result:
    """Change what is given; leave the rest."""
    found = _known(services, arguments.name)
    changed = services.sites.change_node(
        found, url=arguments.url, description=arguments.description, drained=arguments.drained, actor=ACTOR
    )
    kept = (found.url, found.description, found.drained) == (changed.url, changed.description, changed.drained)
    return {"changed": not kept, "node": found.name}


def list_data_centers(services: Services, _: argparse.Namespace) -> Result:
    """Return data centers."""
    return [_data_center(found) for found in services.store.data_centers.all()]


def show_data_center(services: Services, arguments: argparse.Namespace) -> Result:
    """Return one data center."""
    return _data_center(_center(services, arguments.name))


def _known(services: Services, name: str) -> Node:
    found = services.store.nodes.get(name)
    if found is None:
        raise node_unknown()
    return found


def _center(services: Services, name: str) -> DataCenter:
    found = services.store.data_centers.find(name)
    if found is None:
        raise data_center_unknown()
    return found


def _names(services: Services) -> dict[str, str]:
    return {center.id: center.name for center in services.store.data_centers.all()}


def _node(node: Node, centers: dict[str, str]) -> dict[str, object]:
    return {
        "name": node.name,
        "data_center": centers.get(node.data_center, node.data_center),
        "url": node.url,
        "state": node.state,
        "drained": node.drained,
        "description": node.description,
    }


def _data_center(found: DataCenter) -> dict[str, object]:
    return {
        "id": found.id,
        "name": found.name,
        "url": found.url,
        "summary": found.summary,
        "client_id": found.client_id,
        "status": found.health.status,
        "messages": list(found.health.messages),
    }
