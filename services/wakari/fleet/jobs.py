# SPDX-License-Identifier: GPL-3.0-or-later
"""Which jobs there are, and who may ask for them. A fixed list: nothing that somebody types reaches Ansible."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from wakari.access import Action, Caller, require_site
from wakari.core.errors import AppError, BadInputError
from wakari.core.names import node_name
from wakari.store import Conflict, Store
from wakari.store.fleet import FleetJob, FleetKind


@dataclass(frozen=True)
class Kind:
    """A job: its words, the playbook of the collection, the options, and whether it is for one node."""

    words: str
    summary: str
    playbook: str
    options: str = ""
    of_node: bool = False


KINDS: Mapping[FleetKind, Kind] = MappingProxyType(
    {
        "validate": Kind("Validate", "Check the inventory; touch no host.", "wakari.aen.validate"),
        "drift": Kind(
            "Drift report", "Say what the playbook would change; change nothing.", "wakari.aen.site", "--check"
        ),
        "converge": Kind("Converge a node", "Bring one compute node in line.", "wakari.aen.site", of_node=True),
    }
)


@dataclass(frozen=True)
class Fleet:
    """Takes wishes. `folder` is the private data directory of ansible-runner; None: the site does not use this."""

    store: Store
    folder: Path | None

    def ask(self, caller: Caller, kind: FleetKind, node: str | None, address: str = "") -> FleetJob:
        """Return the job, which waits for a worker.

        Raises:
            AppError: `forbidden`; `fleet_off` (409), `fleet_busy` (409); `node_unknown` (404).
            BadInputError: `node_needless`, `node_missing`.
        """
        require_site(caller, Action.FLEET_RUN)
        self._on()
        if KINDS[kind].of_node:
            self._known(node)
        elif node is not None:
            raise BadInputError("node_needless", "This job is not for one node.", hint="Leave the node out.")
        try:
            job = self.store.fleet_jobs.add(kind, node, caller.name)
        except Conflict:
            raise AppError(
                "fleet_busy",
                "Another job waits or runs; there is one at a time.",
                hint="Wait for its end, or cancel it.",
                status=409,
            ) from None
        self.store.audit.add("fleet.ask", caller.name, node or "", address, job=job.id, kind=kind)
        return job

    def cancel(self, caller: Caller, job_id: str, address: str = "") -> FleetJob:
        """Return the job: cancelled where it waited, otherwise about to end.

        Raises:
            AppError: `forbidden`; `fleet_job_unknown` (404); `fleet_job_ended` (409).
        """
        require_site(caller, Action.FLEET_RUN)
        self.get(caller, job_id)
        jobs = self.store.fleet_jobs
        job = jobs.cancel_waiting(job_id, caller.name) or jobs.wish_end(job_id, caller.name)
        if job is None:
            raise AppError("fleet_job_ended", "The job has ended already.", hint="Look at its result.", status=409)
        self.store.audit.add("fleet.cancel", caller.name, job.node or "", address, job=job.id, kind=job.kind)
        return job

    def get(self, caller: Caller, job_id: str) -> FleetJob:
        """Return the job; raise AppError `fleet_job_unknown` (404)."""
        require_site(caller, Action.FLEET_RUN)
        found = self.store.fleet_jobs.get(job_id)
        if found is None:
            raise AppError("fleet_job_unknown", "There is no such job, or it is forgotten.", status=404)
        return found

    def _on(self) -> None:
        if self.folder is None:
            raise AppError(
                "fleet_off",
                "This site runs no jobs from here.",
                hint='docs/server.md, "Jobs over all machines", says how an administrator sets it up.',
                status=409,
            )

    def _known(self, node: str | None) -> None:
        if node is None:
            raise BadInputError("node_missing", "This job is for one node.", hint="Name a registered compute node.")
        if self.store.nodes.get(node_name(node)) is None:
            raise AppError("node_unknown", "There is no such compute node.", hint="Look at the list.", status=404)
