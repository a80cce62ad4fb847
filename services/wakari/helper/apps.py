# SPDX-License-Identifier: GPL-3.0-or-later
"""App instances: launched as the person in a systemd unit of its own, stopped, and what they leave cleaned up."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from wakari.compute import manifests
from wakari.compute.manifests import Manifest
from wakari.core.errors import AppError
from wakari.core.messages import Person, ProjectSpec, instance_of
from wakari.helper import limits, systemd
from wakari.helper.accounts import Account, Accounts
from wakari.helper.projects import ENVIRONMENTS, Projects
from wakari.helper.settings import HelperSettings, require_root_only
from wakari.helper.systemd import AppUnit, Command

_ORDER = ("none", "read", "write", "admin")
_MAX_LOG = 10 << 20  # bytes; a larger log is set aside at the next launch
_PATH = "/usr/local/bin:/usr/bin:/bin"


class Apps:
    """The app instances of this node."""

    def __init__(self, settings: HelperSettings, accounts: Accounts, projects: Projects) -> None:
        self._settings = settings
        self._accounts = accounts
        self._projects = projects

    def launch(self, spec: ProjectSpec, user: Person, app: str) -> str:
        """Run the app for the person where it does not run yet; return the instance's id.

        Raises:
            AppError: `app_unknown`, `app_forbidden`, `project_not_started`, `app_failed`, `limit_not_enforced`, and
                what accounts raise.
        """
        self._accounts.refuse_service(user.name, "run an app")
        manifest = self._manifest(app)
        require_level(manifest, spec, user.name)
        instance = instance_of(spec.owner.name, spec.name, user.name, app)
        if systemd.app(instance) is not None:
            return instance
        account = self._accounts.ensure(user)
        os.close(self._projects.open(spec, self._accounts.ensure(spec.owner)))
        command = self._command(spec, account, manifest)
        self._clear_runtime(instance)
        self._make_runtime(instance, account)
        self._make_log(command)
        try:
            systemd.start(command)
            unit = systemd.app(instance)
            if unit is not None:
                limits.require_enforced(self._settings.app_limits, unit.control_group)
        except AppError:
            self.stop(instance)
            raise
        return instance

    def stop(self, instance: str) -> None:
        """Stop the instance and remove its runtime folder; nothing where it does not run."""
        systemd.stop(instance)
        self._clear_runtime(instance)

    def of_project(self, spec: ProjectSpec) -> list[AppUnit]:
        """Return the running instances of the project."""
        return [unit for unit in systemd.apps() if (unit.owner, unit.project) == (spec.owner.name, spec.name)]

    def forbidden(self, spec: ProjectSpec) -> list[AppUnit]:
        """Return the running instances of people who may not run them (any more)."""
        found = []
        for unit in self.of_project(spec):
            try:
                require_level(self._manifest(unit.app), spec, unit.user)
            except AppError:
                found.append(unit)
        return found

    def _manifest(self, app: str) -> Manifest:
        folder = self._settings.below_prefix(self._settings.apps_dir)
        manifest = manifests.read(folder, app)
        require_root_only(folder / f"{app}.json")
        return manifest

    def _runtime(self, instance: str) -> Path:
        return self._settings.run_dir / "apps" / instance

    def _command(self, spec: ProjectSpec, account: Account, manifest: Manifest) -> Command:
        project = self._projects.path(spec)
        environment = project / ENVIRONMENTS / spec.environment
        runtime = self._runtime(instance_of(spec.owner.name, spec.name, account.name, manifest.name))
        values = {
            "socket": str(runtime / "app.sock"),
            "runtimeDir": str(runtime),
            "urlPrefix": f"/{spec.path}/{manifest.name}/",
            "projectHome": str(project),
            "projectEnv": str(environment),
            "owner": spec.owner.name,
            "project": spec.name,
            "user": account.name,
            "home": str(account.home),
            "anaconda": str(self._settings.anaconda),
            "prefix": str(self._settings.prefix),
            "server": self._settings.server,
            "cdn": self._settings.cdn or self._settings.server,
        }
        variables = {
            "HOME": str(account.home),
            "USER": account.name,
            "LOGNAME": account.name,
            "SHELL": account.shell,
            "LANG": "C.UTF-8",
            "PATH": f"{environment}/bin:{self._settings.anaconda}/bin:{_PATH}",
            "WAKARI_PROJECT_HOME": str(project),
            "WAKARI_PROJECT_ENV": str(environment),
            "WAKARI_ANACONDA": str(self._settings.anaconda),
            "WAKARI_URL_PREFIX": values["urlPrefix"],
        }
        return Command(
            owner=spec.owner.name,
            project=spec.name,
            user=account.name,
            app=manifest.name,
            uid=account.uid,
            gid=account.gid,
            argv=manifest.command(values),
            directory=project,
            environment=variables | manifest.variables(values),
            log=self._settings.app_logs / spec.path / account.name / f"{manifest.name}.log",
            limits=limits.properties(self._settings.app_limits),
        )

    def _make_runtime(self, instance: str, account: Account) -> None:
        path = self._runtime(instance)
        path.parent.mkdir(mode=0o711, parents=True, exist_ok=True)
        path.mkdir(mode=0o700)
        # Set-group-id: the app's socket gets the service account's group, through which the data plane reaches it.
        os.chown(path, account.uid, self._accounts.service().pw_gid)
        path.chmod(0o2750)

    def _clear_runtime(self, instance: str) -> None:
        path = self._runtime(instance)
        if os.path.lexists(path):
            shutil.rmtree(path)  # by descriptors, follows no link (shutil.rmtree.avoids_symlink_attacks)

    def _make_log(self, command: Command) -> None:
        """Make the log in folders of root's: readable by its person and the launcher, and by nobody else."""
        for folder in reversed([command.log.parent, *command.log.parent.parents][:4]):
            folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        if command.log.exists() and command.log.stat().st_size > _MAX_LOG:
            command.log.rename(command.log.with_suffix(".log.1"))
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(command.log, flags, 0o600)
        try:
            os.fchown(descriptor, command.uid, self._accounts.service().pw_gid)
            os.fchmod(descriptor, 0o640)
        finally:
            os.close(descriptor)


def level_of(spec: ProjectSpec, user: str) -> str:
    """Return the person's level on the project, from the team the server told."""
    if user == spec.owner.name:
        return "admin"
    for member in spec.members:
        if member.name == user:
            return "write" if member.role == "member" else "read"
    return "read" if spec.public else "none"


def require_level(manifest: Manifest, spec: ProjectSpec, user: str) -> None:
    """Raise AppError `app_forbidden` (403) where the team gives the person a level below the app's."""
    require_at_least(manifest, level_of(spec, user), spec, user)


def require_at_least(manifest: Manifest, level: str, spec: ProjectSpec, user: str) -> None:
    """Raise AppError `app_forbidden` (403) where the level is below the app's."""
    if _ORDER.index(level) < _ORDER.index(manifest.permission):
        raise AppError(
            "app_forbidden",
            f"{manifest.title} needs the right to {manifest.permission} in {spec.path}; {user} has {level}.",
            hint="Ask the project's owner.",
            status=403,
        )
