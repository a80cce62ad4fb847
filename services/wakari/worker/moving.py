# SPDX-License-Identifier: GPL-3.0-or-later
"""A project comes to other nodes of its data center, where all of them see the very same folder of it.

Until that is shown nothing changes. Then the nodes that it leaves forget it, the record changes at once, and its nodes
bring accounts, permissions and keys in line. Wherever that ends early, the record names the nodes that have the
project: the next start there completes it, and the task can be repeated from its beginning.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import Any

from wakari.core.errors import AppError
from wakari.core.messages import Job, Verb
from wakari.store import Store
from wakari.store.base import Transaction
from wakari.store.records import Project, Task

MARKER_BYTES = 32  # 256 bits: nobody guesses it, and no mark of before has it
Carry = Callable[[Job], dict[str, Any]]


def move(store: Store, task: Task, project: Project, job: Job, carry: Carry) -> None:
    """Bring the project to the task's nodes.

    `job` is of any verb and node; `carry` has a node do one, and returns its result. Nothing is done where something
    newer than the task decided over the project.

    Raises:
        AppError: `folder_not_shared`, `node_unknown` (a node that was removed meanwhile), and what nodes refuse.
        UnavailableError: a node could not be reached; it may be tried again.
    """
    if project.task != task.id:
        return

    def do(verb: Verb, node: str, marker: str | None = None) -> dict[str, Any]:
        return carry(job.model_copy(update={"verb": verb, "node": node, "marker": marker}))

    for node in project.nodes:
        do("stop-project", node)
    source, *others = dict.fromkeys((*project.nodes, *task.nodes))
    for node in others:
        _require_shared(project, source, node, do)
    _require_present(store, project, task.nodes)
    for node in project.nodes:
        if node not in task.nodes:
            do("leave-project", node)

    def arrive(tx: Transaction) -> Project | None:
        store.drifts.forget(project.id, tx)  # they are of the former nodes
        return store.projects.place(project.id, task.nodes, tx, task=task.id)

    if store.transaction(arrive) is not None:
        for node in task.nodes:
            do("apply-permissions", node)


def _require_present(store: Store, project: Project, nodes: Iterable[str]) -> None:
    """Raise AppError where the data center lost one of the nodes while the task waited."""
    lost = sorted(set(nodes) - {node.name for node in store.nodes.of(project.data_center)})
    if lost:
        raise AppError(
            "node_unknown",
            f"The data center of {project.path} has no node {', '.join(lost)} any more.",
            hint="Move the project to other nodes.",
            status=409,
        )


def _require_shared(project: Project, source: str, node: str, do: Callable[..., dict[str, Any]]) -> None:
    """Return when `node` found, and took away, what `source` wrote into the project's folder; raise AppError else.

    A mirror shows a copy of what was written; what is taken away from the copy stays where it was written. Where the
    one node that has the project has no folder of it, because no start came so far, there is nothing to be shared.
    """
    marker = secrets.token_hex(MARKER_BYTES)
    if do("mark-project", source, marker).get("marked") is False:
        if project.nodes == (source,):
            return
        raise AppError(
            "project_not_started",
            f"{source} has no folder of {project.path}.",
            hint="Start the project first.",
            status=409,
        )
    try:
        found = do("find-project", node, marker).get("found") is True
    finally:
        left = do("find-project", source, marker).get("found") is not False
    if not found or left:
        raise AppError(
            "folder_not_shared",
            f"{node} does not see the folder of {project.path} that {source} has.",
            hint="Mount one file system at the project root of both, or move the project by hand (docs/projects.md, "
            '"Without a shared folder").',
            status=409,
        )
