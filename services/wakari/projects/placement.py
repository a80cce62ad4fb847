# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a new project lives: the node with the fewest projects at work, then the fewest projects, then by name."""

from __future__ import annotations

from collections.abc import Sequence

from wakari.core.errors import AppError, BadInputError
from wakari.store import Store
from wakari.store.records import DataCenter

UNUSABLE = frozenset({"down", "degraded"})  # one whose state is unknown was added a moment ago and may be used


def choose_data_center(store: Store, wanted: str | None, named: Sequence[str] | None = None) -> DataCenter:
    """Return the data center with the wanted id or name, or that of the first named node, or the least loaded one.

    Raises:
        BadInputError: `data_center_unknown`.
        AppError: `no_node` (409) where no data center has a compute node.
    """
    if wanted:
        found = store.data_centers.find(wanted)
        if found is None:
            raise BadInputError(
                "data_center_unknown", "There is no such data center.", hint="Use an id or a name of the list."
            )
        return found
    first = store.nodes.get(named[0]) if named else None
    its = store.data_centers.get(first.data_center) if first else None
    if its is not None:
        return its
    nodes = [node for node in store.nodes.page("", 0) if not node.drained]
    usable = [node for node in nodes if node.state not in UNUSABLE] or nodes
    load = store.projects.load(node.name for node in usable)
    for node in sorted(usable, key=lambda node: (*load[node.name], node.name)):
        data_center = store.data_centers.get(node.data_center)
        if data_center is not None:
            return data_center
    raise no_node("The site has no compute node that takes new projects.")


def choose_nodes(store: Store, data_center: DataCenter, wanted: Sequence[str] | None) -> tuple[str, ...]:
    """Return the named nodes of the data center, or its least loaded one.

    Raises:
        BadInputError: `node_unknown`: a named node is not one of this data center's.
        AppError: `no_node`, `node_drained` (409).
    """
    nodes = store.nodes.of(data_center.id)
    if wanted:
        present = {node.name: node for node in nodes}
        for name in wanted:
            if name in present and present[name].drained:
                raise AppError(
                    "node_drained",
                    f"The node {name} takes no new projects.",
                    hint="Name another node, or end the draining of this one.",
                    status=409,
                )
            if name not in present:
                raise BadInputError(
                    "node_unknown",
                    f"The data center {data_center.name} has no node {ascii(name)[:70]}.",
                    hint="Name nodes of one data center only.",
                )
        return tuple(dict.fromkeys(wanted))
    open_to = [node for node in nodes if not node.drained]
    usable = [node for node in open_to if node.state not in UNUSABLE] or open_to
    if not usable:
        raise no_node(f"The data center {data_center.name} has no compute node that takes new projects.")
    load = store.projects.load(node.name for node in usable)
    return (min(usable, key=lambda node: (*load[node.name], node.name)).name,)


def no_node(message: str) -> AppError:
    """Return the refusal for want of a compute node."""
    return AppError(
        "no_node", message, hint="An administrator adds one: wk-server-admin add-enterprise-resource.", status=409
    )
