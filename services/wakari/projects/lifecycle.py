# SPDX-License-Identifier: GPL-3.0-or-later
"""Start, stop, delete: each is one transaction that moves the state and queues the task that does the work.

stopped -> starting -> running -> stopping -> stopped        error -> starting | stopping
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from wakari.access import Action, Caller, require
from wakari.core.errors import AppError, BadInputError
from wakari.core.messages import Files
from wakari.store import Store
from wakari.store.base import Transaction, new_id
from wakari.store.records import Project, State, Task, TaskVerb

START_FROM: tuple[State, ...] = ("stopped", "error")
STOP_FROM: tuple[State, ...] = ("starting", "running", "error")
CANCELLED: tuple[TaskVerb, ...] = ("start-project", "stop-project")  # what a person may call off
# What brought a project to a state in which it stays.
BROUGHT_BY: Mapping[State, TaskVerb] = MappingProxyType({"running": "start-project", "stopped": "stop-project"})
FILES: Mapping[Files, str] = MappingProxyType({"archive": "archived", "delete": "deleted for good"})
ANY: tuple[State, ...] = ("stopped", "starting", "running", "stopping", "error")


@dataclass(frozen=True)
class Lifecycle:
    """Moves projects."""

    store: Store

    def start(self, caller: Caller, project: Project, address: str = "") -> Task:
        """Return the task that starts the project, or that started it where it runs already.

        Raises:
            AppError: `project_busy` (409) while it stops or is deleted; `forbidden`, `project_not_found`.
        """
        require(caller, Action.PROJECT_RUN, project)
        task = self._move(caller, project, START_FROM, "starting", "start-project")
        if task is not None:
            self.store.audit.add("project.start", caller.name, project.path, address, task=task.id)
            return task
        return self._present(project, ("starting", "running"), "It stops just now.")

    def stop(self, caller: Caller, project: Project, address: str = "") -> Task:
        """Return the task that stops the project, or that stopped it where it is stopped already.

        Raises:
            AppError: `project_busy` (409) while it is deleted, or never was started.
        """
        require(caller, Action.PROJECT_RUN, project)
        task = self._move(caller, project, STOP_FROM, "stopping", "stop-project")
        if task is not None:
            self.store.audit.add("project.stop", caller.name, project.path, address, task=task.id)
            return task
        return self._present(project, ("stopping", "stopped"), "It was never started.")

    def delete(self, caller: Caller, project: Project, address: str = "", *, files: Files = "archive") -> Task:
        """Return the task that stops the project where it runs, archives or deletes its files and removes the record.

        Raises:
            AppError: `project_busy` (409) where it is being removed the other way already.
        """
        require(caller, Action.PROJECT_DELETE, project)
        task = self._move(caller, project, ANY, "stopping", "remove-project", files=files)
        if task is not None:
            self.store.audit.add("project.delete", caller.name, project.path, address, task=task.id, files=files)
            return task
        present = self._present(project, ANY, "It is being removed.")
        if present.files != files:
            raise _busy(project, "It is being removed already, and its files are " + FILES[present.files] + ".")
        return present

    def cancel(self, caller: Caller, project: Project, address: str = "") -> Task:
        """Return the start or stop of the project, cancelled while it waited for a worker or for its next attempt.

        What never began leaves a stopped project as it was; anything else leaves it in error, from which it can be
        started and stopped: nobody knows then how far its nodes came.

        Raises:
            AppError: `task_not_waiting` (409) where there is none, or it is at work, or deletes the project.
        """
        require(caller, Action.PROJECT_RUN, project)

        def cancel(tx: Transaction) -> Task | None:
            current = self.store.projects.by_id(project.id, tx)
            if current is None or current.task is None:
                return None
            task = self.store.tasks.cancel(current.task, CANCELLED, tx)
            if task is None:
                return None
            if task.verb == "start-project" and not task.attempts and not current.started_once:
                self.store.projects.settle(project.id, task.id, "stopped", None, tx)
            else:
                what = "Starting" if task.verb == "start-project" else "Stopping"
                tried = f" after {task.attempts} attempt{'s' if task.attempts > 1 else ''}" if task.attempts else ""
                last = f" The last one said: {task.error['message']}" if task.error else ""
                reason = f"{what} was cancelled by {caller.name}{tried}.{last}"
                self.store.projects.settle(project.id, task.id, "error", reason, tx)
            return task

        cancelled = self.store.transaction(cancel)
        if cancelled is None:
            raise AppError(
                "task_not_waiting",
                f"Nothing that moves {project.path} waits for a worker.",
                hint="A task at work goes on to its end; stop the project instead.",
                status=409,
            )
        self.store.audit.add("project.cancel", caller.name, project.path, address, task=cancelled.id)
        return cancelled

    def _move(
        self,
        caller: Caller,
        project: Project,
        states: tuple[State, ...],
        to: State,
        verb: TaskVerb,
        *,
        files: Files = "archive",
    ) -> Task | None:
        deleting = verb == "remove-project"
        obsolete: tuple[TaskVerb, ...] = ("start-project", "stop-project", "move-project")

        def move(tx: Transaction) -> Task | None:
            task_id = new_id()
            moved = self.store.projects.move(project.id, states, to, task_id, tx, deleting=deleting)
            if moved is None:
                return None
            self.store.tasks.cancel_waiting(
                project.id, (*obsolete, "apply-permissions", "apply-settings", verb) if deleting else obsolete, tx
            )
            return self.store.tasks.add(moved, verb, caller.name, tx, task_id, files=files)

        return self.store.transaction(move)

    def _present(self, project: Project, states: tuple[State, ...], otherwise: str) -> Task:
        current = self.store.projects.by_id(project.id)
        if current is not None and current.state in states and current.task is not None:
            task = self.store.tasks.get(current.task)
            if task is not None:
                return task
            if current.state in BROUGHT_BY:
                return _forgotten(current, current.task)
        raise _busy(project, otherwise)


def _forgotten(project: Project, task_id: str) -> Task:
    """Return what the record still tells of the task that brought the project where it is, and that ended long ago."""
    moment = project.updated_at
    return Task.model_validate(
        {
            "_id": task_id,
            "verb": BROUGHT_BY[project.state],
            "project_id": project.id,
            "project": project.path,
            "requested_by": "",
            "state": "done",
            "run_after": moment,
            "created_at": moment,
            "finished_at": moment,
        }
    )


def _busy(project: Project, why: str) -> AppError:
    return AppError(
        "project_busy",
        f"The project {project.path} cannot do this now. {why}",
        hint="Look at its state and try again.",
        status=409,
    )


def queue_settings(store: Store, project: Project, requested_by: str, tx: Transaction) -> None:
    """Queue the task that tells the nodes of SSH keys and limits; folded and left out as `queue_permissions` is."""
    _queue(store, project, "apply-settings", requested_by, tx)


def queue_settings_of(store: Store, user: str, requested_by: str, tx: Transaction) -> None:
    """Queue that task for every project which the person owns or is in the team of, by name or by a group."""
    for project in _projects_of(store, user, tx):
        queue_settings(store, project, requested_by, tx)


def queue_permissions_of(store: Store, user: str, requested_by: str, tx: Transaction) -> None:
    """Queue `queue_permissions` for the same projects: it ends apps, takes keys away, and then brings files in line."""
    for project in _projects_of(store, user, tx):
        queue_permissions(store, project, requested_by, tx)


def _projects_of(store: Store, user: str, tx: Transaction) -> list[Project]:
    account = store.users.named([user], tx).get(user)
    joined = store.projects.joined(user, groups=account.groups if account else (), tx=tx)
    return [*store.projects.owned(user, tx=tx), *joined]


def queue_permissions(store: Store, project: Project, requested_by: str, tx: Transaction) -> None:
    """Queue the task that brings the files' rights in line, where a node holds files of the project.

    A waiting task of this kind suffices: it reads the team when it runs.
    """
    _queue(store, project, "apply-permissions", requested_by, tx)


def _queue(store: Store, project: Project, verb: TaskVerb, requested_by: str, tx: Transaction) -> None:
    if not project.started_once or project.deleting:
        return
    if store.tasks.waiting(project.id, verb, tx) is None:
        store.tasks.add(project, verb, requested_by, tx)


def check_files(files: str) -> Files:
    """Return what shall become of a removed project's files; raise BadInputError `files_invalid` for anything else."""
    for known in FILES:
        if files == known:
            return known
    raise BadInputError(
        "files_invalid", f"Files cannot be removed by {ascii(files)[:40]}.", hint="Use 'archive' or 'delete'."
    )
