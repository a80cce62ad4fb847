# SPDX-License-Identifier: GPL-3.0-or-later
"""The fixed verbs: what each does, in order, with progress. Each may be interrupted anywhere and asked for again."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import AbstractContextManager
from functools import partial, singledispatchmethod
from typing import Any

from wakari.core.errors import AppError
from wakari.core.messages import ProjectSpec, Step, instance_of
from wakari.helper import locks, requests, status, systemd, visitors
from wakari.helper.accounts import Accounts
from wakari.helper.applying import Applying
from wakari.helper.apps import Apps
from wakari.helper.confinement import Confinement
from wakari.helper.moving import Moving
from wakari.helper.output import Output
from wakari.helper.projects import Projects
from wakari.helper.settings import HelperSettings
from wakari.helper.ssh_keys import SshKeys
from wakari.helper.transfer import Transfer
from wakari.permissions import tree

Result = dict[str, Any]


class Verbs:
    """Carries out one request."""

    def __init__(self, settings: HelperSettings, output: Output) -> None:
        self._settings = settings
        self._output = output
        self._accounts = Accounts(settings)
        self._projects = Projects(settings)
        self._apps = Apps(settings, self._accounts, self._projects)
        self._applying = Applying(settings)
        self._confinement = Confinement(settings, self._applying)
        self._transfer = Transfer(settings, self._accounts, self._projects)
        self._moving = Moving(self._accounts, self._projects)
        self._keys = SshKeys(settings, self._accounts, self._applying.all_remembered)

    @singledispatchmethod
    def run(self, request: Any) -> Result:  # noqa: ANN401 - dispatched on the type of the request
        """Return the result; raise AppError with the reason."""
        raise AppError("verb_unknown", f"No verb for {type(request).__name__}.", status=422)

    @run.register
    def _ensure_accounts(self, request: requests.EnsureAccounts) -> Result:
        accounts = [self._accounts.ensure(person) for person in request.people]
        return {"accounts": [{"name": one.name, "uid": one.uid, "gid": one.gid} for one in accounts]}

    @run.register
    def _start_project(self, request: requests.StartProject) -> Result:
        spec = request.project
        self._accounts.refuse_service(request.requested_by, "start a project")
        with self._project_lock(spec, "accounts"):
            self._output.progress("accounts", f"Accounts of {spec.owner.name} and {len(spec.members)} others", 0.0)
            owner, _ = self._accounts.team(spec)
            self._output.progress("skeleton", "Project folder", 0.05)
            created = self._projects.create(spec, owner)
            self._output.progress("environment", f"Environment {spec.environment}", 0.1)
            cloned = self._projects.create_environment(spec, owner, self._clone_progress)
            self._output.progress("permissions", "Permissions of all files", 0.8)
            report = self._applying.apply(spec, write=True, progress=self._walk_progress)
            concerned = self._applying.people(spec)
            self._applying.remember(spec)
            failed = self._keys.withdraw(spec, concerned)
            self._keys.give(spec)
            if failed is not None:
                raise failed
            self._output.progress("ready", "Ready", 1.0)
        return {
            "path": str(self._projects.path(spec)),
            "created": created,
            "cloned": cloned,
            "permissions": report.as_dict(),
        }

    @run.register
    def _apply_permissions(self, request: requests.ApplyPermissions) -> Result:
        spec = request.project
        with self._project_lock(spec, "permissions"):
            for unit in self._apps.forbidden(spec):
                self._output.progress("apps", f"Stopping {unit.app} of {unit.user}")
                self._apps.stop(unit.instance)
            if not os.path.lexists(self._projects.path(spec)):
                return {"permissions": None}  # never started here: nothing on disk to protect
            concerned = self._applying.people(spec)
            # Before the files, which may take a while; `_settle` tries anew what fails, and tells it.
            self._keys.withdraw(spec, concerned)
            self._output.progress("permissions", "Permissions of all files", 0.1)
            report = self._applying.apply(spec, write=True, progress=self._walk_progress)
            self._applying.remember(spec)
            self._settle(spec, concerned)
        return {"permissions": report.as_dict()}

    @run.register
    def _check_permissions(self, request: requests.CheckPermissions) -> Result:
        """Look without the project's lock: a check must keep nobody from starting the project."""
        if not os.path.lexists(self._projects.path(request.project)):
            return {"permissions": None}
        self._output.progress("permissions", "Looking at the permissions of all files", 0.0)
        report = self._applying.apply(request.project, write=False, progress=self._walk_progress)
        return {"permissions": report.as_dict()}

    @run.register
    def _status_project(self, request: requests.StatusProject) -> Result:
        """Look without the project's lock, as for a check."""
        spec = request.project
        told: Result = {"folder": False, "environment": False, "environments": [], "disk": None}
        try:
            descriptor = tree.open_below(self._settings.project_root, spec.owner.name, spec.name)
        except OSError:
            pass  # never started here, or something else is in its place: no folder of the project's
        else:
            try:
                told["folder"] = True
                told["environments"] = status.environments(descriptor)
                told["environment"] = spec.environment in told["environments"]
                told["disk"] = status.disk_use(descriptor)
            finally:
                os.close(descriptor)
        try:
            applied = self._applying.remembered(spec.owner.name, spec.name)
            told["team"] = {member.name: member.role for member in applied.members}
        except AppError:
            told["team"] = None
        try:
            units = self._apps.of_project(spec)
            told["apps"] = [{"user": one.user, "app": one.app, "since": one.since} for one in units]
        except AppError:
            told["apps"] = None  # systemd does not answer
        return told

    @run.register
    def _apply_settings(self, request: requests.ApplySettings) -> Result:
        spec = request.project
        with self._project_lock(spec, "accounts"):
            if not os.path.lexists(self._projects.path(spec)):
                return {"applied": False}
            self._output.progress("accounts", "SSH keys and limits", 0.0)
            concerned = self._applying.people(spec)
            self._applying.remember(spec)
            self._settle(spec, concerned)
        return {"applied": True}

    @run.register
    def _launch_app(self, request: requests.LaunchApp) -> Result:
        spec, user = request.project, request.user
        account = visitors.runs_as(spec, user.name if user else None, self._settings.anonymous)
        name = f"app.{instance_of(spec.owner.name, spec.name, account, request.app)}"
        with locks.held(self._settings.run_dir, f"{name}.lock", lambda: self._waiting("apps")):
            confine = partial(self._confinement.prepare, spec.owner.name, spec.name)
            return {"instance": self._apps.launch(spec, user, request.app, confine)}

    @run.register
    def _stop_app(self, request: requests.StopApp) -> Result:
        unit = systemd.app(request.instance)
        self._apps.stop(request.instance)
        if unit is not None:
            self._confinement.weigh(unit.owner, unit.project)
        return {"instance": request.instance}

    @run.register
    def _stop_project(self, request: requests.StopProject) -> Result:
        return {"stopped": self._stop_all(request.project)}

    @run.register
    def _remove_project(self, request: requests.RemoveProject) -> Result:
        spec = request.project
        with self._project_lock(spec, "apps"):
            self._stop_all(spec)
            archive = self._projects.remove(spec, request.mode)
            failed = self._forget(spec)
            if failed is not None:
                raise failed
        return {"archive": str(archive) if archive else None}

    @run.register
    def _transfer_project(self, request: requests.TransferProject) -> Result:
        spec = request.project
        before = spec.model_copy(update={"owner": request.former})
        first, second = sorted((spec, before), key=lambda one: one.owner.name)  # two at once never wait for each other
        with self._project_lock(first, "apps"), self._project_lock(second, "apps"):
            self._stop_all(before)
            self._output.progress("accounts", f"Accounts of {spec.owner.name} and {len(spec.members)} others", 0.1)
            owner, team = self._accounts.team(spec)
            self._output.progress("permissions", "Files of the former owner", 0.2)
            with self._transfer.taken(before, spec, owner) as moved:
                if moved is not None:
                    self._output.progress("permissions", "Permissions of all files", 0.5)
                    report = self._applying.bring_in_line(moved.folder, team, progress=self._walk_progress)
            concerned = self._applying.people(before)
            if moved is not None:
                # First: a job of another project in between would find people without one, and close their accounts.
                self._applying.remember(spec)
            self._applying.forget(before)
            systemd.forget_slice(before.owner.name, before.name)
            if moved is None:
                return {"moved": False, "permissions": None}
            self._settle(spec, concerned)
        return {"moved": True, "given": moved.given, "left": moved.left, "permissions": report.as_dict()}

    @run.register
    def _mark_project(self, request: requests.MarkProject) -> Result:
        spec = request.project
        with self._project_lock(spec, "accounts"):
            if not (self._applying.knows(spec) or os.path.lexists(self._projects.path(spec))):
                return {"marked": False}  # no start of it came as far as a folder
            self._moving.mark(spec, request.marker)
        return {"marked": True}

    @run.register
    def _find_project(self, request: requests.FindProject) -> Result:
        spec = request.project
        with self._project_lock(spec, "accounts"):
            found = self._moving.find(spec, request.marker)
            if found and not self._applying.knows(spec):
                # What would keep the project from coming is said while it is where it was.
                self._output.progress("accounts", f"Accounts of {spec.owner.name} and {len(spec.members)} others", 0.0)
                self._accounts.team(spec)
        return {"found": found}

    @run.register
    def _leave_project(self, request: requests.LeaveProject) -> Result:
        spec = request.project
        with self._project_lock(spec, "apps"):
            failed = self._forget(spec)
            stopped = self._stop_all(spec)  # last: nothing can be opened here any more
            if failed is not None:
                raise failed
            return {"stopped": stopped}

    def _forget(self, spec: ProjectSpec) -> AppError | None:
        """Drop what the node keeps of a project beside its files; who has no other one here is let in no more.

        Returns why an account of the project's people could not be closed; None where all were.
        """
        concerned = self._applying.people(spec)
        self._applying.forget(spec)
        failed = self._keys.withdraw(concerned=concerned)
        systemd.forget_slice(spec.owner.name, spec.name)
        return failed

    def _settle(self, spec: ProjectSpec, concerned: Collection[str]) -> None:
        """Bring what the node keeps of a project beside its files: first away with what somebody lost.

        An account of those `concerned` that could not be closed is told last: nobody else waits for it.
        """
        failed = self._keys.withdraw(spec, concerned)
        self._keys.give(spec)
        self._confinement.change(spec.owner.name, spec.name)
        if failed is not None:
            raise failed

    def _stop_all(self, spec: ProjectSpec) -> int:
        units = self._apps.of_project(spec)
        for number, unit in enumerate(units):
            self._output.progress("apps", f"Stopping {unit.app} of {unit.user}", number / len(units))
            self._apps.stop(unit.instance)
        return len(units)

    def _clone_progress(self, done: int, total: int) -> None:
        fraction = min(done / total, 1.0) if total else 0.0
        self._output.progress("environment", f"{done} of {total} files", 0.1 + 0.7 * fraction)

    def _walk_progress(self, files: int) -> None:
        self._output.progress("permissions", f"{files} files")

    def _project_lock(self, spec: ProjectSpec, step: Step) -> AbstractContextManager[None]:
        return self._applying.lock(spec, lambda: self._waiting(step))

    def _waiting(self, step: Step) -> None:
        self._output.progress(step, "Waiting for another change of the same project to end")
