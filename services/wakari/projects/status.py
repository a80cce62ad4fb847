# SPDX-License-Identifier: GPL-3.0-or-later
"""How a project is on its nodes, asked now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wakari.core.errors import AppError, UnavailableError
from wakari.core.http import Client, Peer
from wakari.core.messages import Job
from wakari.core.settings import SettingsError
from wakari.projects.sites import Sites
from wakari.projects.spec import project_spec
from wakari.store import Store
from wakari.store.records import Project

JOBS = "/_wakari/v1/jobs"
SILENCE = 15.0  # seconds; a node counts for ten
_MOST = 4  # nodes asked for one page, one after the other


@dataclass(frozen=True)
class Status:
    """Asks nodes, by way of their gateway."""

    store: Store
    sites: Sites

    def of(self, project: Project, asked_by: str) -> dict[str, dict[str, Any] | AppError]:
        """Return what each node says of the project, or why it could not be asked."""
        spec = project_spec(self.store, project)
        found: dict[str, dict[str, Any] | AppError] = {}
        for node in project.nodes[:_MOST]:
            job = Job(verb="status-project", project=spec, requested_by=asked_by, node=node)
            try:
                found[node] = _last(Client(), self._peer(project), job)
            except AppError as error:
                found[node] = error
            except SettingsError as error:
                found[node] = UnavailableError("secret_unreadable", str(error))
        return found

    def _peer(self, project: Project) -> Peer:
        place = self.store.data_centers.get(project.data_center)
        if place is None:
            raise AppError("data_center_gone", "The project's data center is not registered any more.", status=409)
        return self.sites.peer(place)


def _last(client: Client, peer: Peer, job: Job) -> dict[str, Any]:
    for line in client.stream(peer, JOBS, job.sent(), timeout=SILENCE):
        if "error" in line:
            raise AppError.from_body(line, 409)
        if isinstance(line.get("result"), dict):
            return dict(line["result"])
    raise UnavailableError("job_broken", f"The node {job.node} broke off.", hint="Try again.")
