# SPDX-License-Identifier: GPL-3.0-or-later
"""Other nodes for a project, of the same data center: its nodes show that they see the same files, then it lives there.

The record changes once they have shown it (wakari.worker.moving): until then, and where they cannot, the project stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wakari.access import Action, Caller, require
from wakari.core.errors import AppError, BadInputError
from wakari.projects import placement
from wakari.store import Store
from wakari.store.base import Transaction, new_id
from wakari.store.records import Project, State

FROM: tuple[State, ...] = ("stopped", "running", "error")


@dataclass(frozen=True)
class Moving:
    """Moves projects between nodes."""

    store: Store

    def move(self, caller: Caller, project: Project, nodes: Sequence[str], address: str = "") -> Project:
        """Return the project, on its way to these nodes: all that it shall live on. Unchanged where it lives there.

        A project that runs is stopped. One that no node ever held is there at once; any other by a task
        (`project.task`), which leaves it where it is, with the reason, where the nodes do not share its files.

        Raises:
            BadInputError: `nodes_missing`, `node_unknown` (one that its data center does not have).
            AppError: `node_drained` (409) of a node that is new to it; `project_busy` (409) while it starts, stops, is
                deleted or is on its way; `data_center_gone` (409); `project_not_found` (404); `forbidden`.
        """
        require(caller, Action.PROJECT_MOVE, project)
        wanted = self._checked(project, nodes)
        if set(wanted) == set(project.nodes):
            return project

        def change(tx: Transaction) -> Project:
            placed = self.store.projects.place(project.id, wanted, tx)
            if placed is not None:
                return placed
            current = self.store.projects.by_id(project.id, tx)
            if current is None:
                raise AppError("project_not_found", "The project was deleted meanwhile.", status=404)
            task = new_id()
            moved = self.store.projects.move(project.id, FROM, "stopping", task, tx)
            if moved is None:
                raise _busy(current)
            self.store.tasks.cancel_waiting(project.id, ("move-project",), tx)  # dead ones: this one decides now
            self.store.tasks.add(moved, "move-project", caller.name, tx, task, nodes=wanted)
            return moved

        moved = self.store.transaction(change)
        told = {"nodes": ",".join(wanted), "former": ",".join(project.nodes)}
        self.store.audit.add("project.move", caller.name, project.path, address, **told)
        return moved

    def _checked(self, project: Project, nodes: Sequence[str]) -> tuple[str, ...]:
        """Return the nodes, each once; those that it lives on may be drained."""
        if not nodes:
            raise BadInputError("nodes_missing", "A project lives on one node or more.", hint="Name its nodes.")
        place = self.store.data_centers.get(project.data_center)
        if place is None:
            raise AppError("data_center_gone", "The project's data center is not registered any more.", status=409)
        new = [name for name in nodes if name not in project.nodes]
        if new:
            placement.choose_nodes(self.store, place, new)
        return tuple(dict.fromkeys(nodes))


def _busy(project: Project) -> AppError:
    what = "It is being deleted." if project.deleting else f"It is {project.state} just now."
    return AppError(
        "project_busy",
        f"The project {project.path} cannot be moved. {what}",
        hint="Wait until that is over, then try again.",
        status=409,
    )
