# SPDX-License-Identifier: GPL-3.0-or-later
"""The apps that run on all nodes, as the nodes reported them last."""

from __future__ import annotations

from dataclasses import dataclass

from wakari.core.errors import AppError
from wakari.core.messages import instance_of
from wakari.store import Store
from wakari.store.records import Project
from wakari.store.reports import AppUse


@dataclass(frozen=True)
class RunningApp:
    """An app of a person in a project on a node."""

    project: Project
    node: str
    use: AppUse

    @property
    def id(self) -> str:
        """Return the id of the instance, by which its node knows it too."""
        return instance_of(self.project.owner, self.project.name, self.use.user, self.use.app)


def find(store: Store, instance: str, node: str = "") -> RunningApp:
    """Return the app of this id, on this node where one is given.

    Raises:
        AppError: `app_not_running` (404).
    """
    for one in running_apps(store):
        if one.id == instance and node in {"", one.node}:
            return one
    raise AppError(
        "app_not_running",
        "No node reports this app.",
        hint="It ended, or the list is older than half a minute: look again.",
        status=404,
    )


def running_apps(store: Store, most: int = 0) -> list[RunningApp]:
    """Return the apps of `most` projects on a node (0: of all), by project and node."""
    uses = store.uses.running(most)
    known = {one.id: one for one in store.projects.named({use.project_id for use in uses})}
    return [
        RunningApp(known[use.project_id], use.node, app) for use in uses if use.project_id in known for app in use.apps
    ]
