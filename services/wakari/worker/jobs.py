# SPDX-License-Identifier: GPL-3.0-or-later
"""One task as jobs on nodes: what is sent to which node, in what order, and what each line means."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from wakari.core.errors import AppError, UnavailableError
from wakari.core.http import Client, Peer
from wakari.core.messages import Job, Person, Progress, Verb
from wakari.core.settings import SettingsError
from wakari.projects import Sites, node_spec
from wakari.store import Store
from wakari.store.records import DataCenter, Project, Task, TaskVerb
from wakari.worker.moving import move

log = logging.getLogger(__name__)
JOBS = "/_wakari/v1/jobs"
SILENCE = 3600.0  # seconds without a line after which a job counts as broken; as long as a gateway waits for a node

# What a task does on each node, in order.
STEPS: Mapping[str, tuple[Verb, ...]] = {
    "start-project": ("start-project",),
    "stop-project": ("stop-project",),
    "apply-permissions": ("apply-permissions",),
    "apply-settings": ("apply-settings",),
    "remove-project": ("stop-project", "remove-project"),
    "transfer-project": (),  # done before anything else, whatever the task is
}

# These bring nodes in line with the record: each node for itself, and again until all of them are.
LASTING: frozenset[TaskVerb] = frozenset({"apply-permissions", "apply-settings", "transfer-project"})


@dataclass(frozen=True)
class Jobs:
    """Carries tasks out."""

    store: Store
    sites: Sites

    def run(self, task: Task, project: Project, said: Callable[[Progress], None]) -> None:
        """Do all the task's jobs, one node after the other, and hand each line of progress to `said`.

        Raises:
            AppError: a node or the gateway refused; repeating it does not help.
            UnavailableError: somebody could not be reached or broke off; repeating it may help.
        """
        if task.verb == "remove-project" and not project.started_once:
            return  # no node ever heard of it
        if task.verb == "start-project":
            # Before the team is read: whatever changes from here on finds a project that a node may hold.
            self.store.projects.mark_started(project.id)
        project = self.store.projects.by_id(project.id) or project
        spec = node_spec(self.store, project)
        try:
            peer = self.peer(self._data_center(project))
        except SettingsError as error:
            raise AppError("secret_unreadable", str(error), status=409) from error
        if project.former is not None:
            # Nodes that were away, or refused, have it where its former owner had it.
            former = Person(name=project.former.owner, uid=project.former.uid, gid=project.former.uid)
            transfer = Job(verb="transfer-project", project=spec, requested_by=task.requested_by, former=former)
            self._on_each_node(task, project, peer, [transfer], said)
            self.store.projects.arrived(project)
        if task.verb == "move-project":
            job = Job(verb="stop-project", project=spec, requested_by=task.requested_by)
            move(self.store, task, project, job, lambda one: self._carry(peer, one, said))
            return
        jobs = [
            Job(verb=verb, project=spec, requested_by=task.requested_by, files=task.files) for verb in STEPS[task.verb]
        ]
        self._on_each_node(task, project, peer, jobs, said)

    def _on_each_node(
        self, task: Task, project: Project, peer: Peer, jobs: Sequence[Job], said: Callable[[Progress], None]
    ) -> None:
        failed: AppError | None = None
        for node in project.nodes:
            try:
                for job in jobs:
                    self._carry(peer, job.model_copy(update={"node": node}), said)
            except AppError as error:
                if task.verb not in LASTING:
                    raise
                failed = failed or error  # the other nodes take away what somebody lost, all the same
        if failed is not None:
            raise failed

    def peer(self, data_center: DataCenter) -> Peer:
        """Return the gateway as this server calls it."""
        return self.sites.peer(data_center)

    def _carry(self, peer: Peer, job: Job, said: Callable[[Progress], None]) -> dict[str, Any]:
        """Have the job's node do it; return its result."""
        for line in Client().stream(peer, JOBS, job.sent(), timeout=SILENCE):
            if "result" in line:
                return dict(line["result"])
            if "error" in line:
                raise _refusal(line, job)
            said(_progress(line))
        raise UnavailableError(
            "job_broken", f"The job on {job.node} broke off.", hint="Look into the logs of gateway and node."
        )

    def _data_center(self, project: Project) -> DataCenter:
        found = self.store.data_centers.get(project.data_center)
        if found is None:
            raise AppError("data_center_gone", "The project's data center is not registered any more.", status=409)
        return found


# Codes of errors on the way, which another attempt may not meet. Everything else is the node's considered answer.
# The last three: a node with much to do, a disk that does not answer for a while, a file of accounts that is held.
PASSING = frozenset(
    {
        "unreachable",
        "bad_answer",
        "job_broken",
        "helper_unavailable",
        "internal_error",
        "systemd_unavailable",
        "processes_left",
        "account_failed",
    }
)
FIRST_SERVER_ERROR = 502


def _refusal(line: dict[str, Any], job: Job) -> AppError:
    error = AppError.from_body(line, 409)
    if error.code in PASSING:
        return UnavailableError(error.code, f"{job.node}: {error.message}", hint=error.hint, detail=error.detail)
    return AppError(error.code, f"{job.node}: {error.message}", hint=error.hint, detail=error.detail, status=409)


def _progress(line: dict[str, Any]) -> Progress:
    try:
        return Progress.model_validate(line)
    except ValidationError as error:
        raise UnavailableError("bad_answer", "The gateway sent a line that is no progress.") from error
