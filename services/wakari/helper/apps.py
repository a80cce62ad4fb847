# SPDX-License-Identifier: GPL-3.0-or-later
"""App instances: launched as the person in a systemd unit of its own, stopped, and what they leave cleaned up."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from wakari.compute import manifests
from wakari.compute.manifests import Manifest
from wakari.core.errors import AppError
from wakari.core.messages import Limits, Person, ProjectSpec, instance_of
from wakari.helper import limits, systemd, visitors
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

    def launch(self, spec: ProjectSpec, user: Person | None, app: str, confine: Callable[[], Limits]) -> str:
        """Run the app for the person, or for nobody in particular, where it does not run yet; return the instance's id.

        `confine` sets the limits of the project's slice and returns them: they must hold as well as the app's own.

        Raises:
            AppError: `app_unknown`, `app_forbidden`, `project_not_started`, `app_failed`, `limit_not_enforced`, and
                what accounts raise.
        """
        name = user.name if user else None
        if name is not None:
            self._accounts.refuse_service(name, "run an app")
        manifest = self._manifest(app)
        require_level(manifest, spec, name)
        runs_as = visitors.runs_as(spec, name, self._settings.anonymous)
        instance = instance_of(spec.owner.name, spec.name, runs_as, app)
        if systemd.app(instance) is not None:
            return instance
        account = self._accounts.ensure(user) if user and user.name == runs_as else self._accounts.anonymous()
        os.close(self._projects.open(spec, self._accounts.ensure(spec.owner)))
        together = confine()
        each = limits.within(self._settings.app_limits, together)
        command = self._command(spec, account, manifest, each)
        self._clear_runtime(instance)
        self._make_runtime(instance, account)
        self._make_log(command)
        try:
            systemd.start(command)
            unit = systemd.app(instance)
            if unit is not None:
                limits.require_enforced(each, unit.control_group)
                limits.require_enforced(together, str(Path(unit.control_group).parent), of="the project")
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
        """Return the running instances of people who may not run them (any more), or not under this account."""
        return [unit for unit in self.of_project(spec) if not self._allowed(spec, unit)]

    def _allowed(self, spec: ProjectSpec, unit: AppUnit) -> bool:
        user = None if unit.user == self._settings.anonymous else unit.user
        try:
            require_level(self._manifest(unit.app), spec, user)
            same = visitors.runs_as(spec, user, self._settings.anonymous) == unit.user
        except AppError:
            return False
        # ANON_USER was another once, or is switched off now: who it ran for is nobody any more.
        return same and (user is None or not self._accounts.is_system(user))

    def _manifest(self, app: str) -> Manifest:
        folder = self._settings.below_prefix(self._settings.apps_dir)
        manifest = manifests.read(folder, app)
        require_root_only(folder / f"{app}.json")
        return manifest

    def _runtime(self, instance: str) -> Path:
        return self._settings.run_dir / "apps" / instance

    def _command(self, spec: ProjectSpec, account: Account, manifest: Manifest, each: Limits) -> Command:
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
        confinement = {}
        if account.name == self._settings.anonymous:
            # An ACL could still let it write somewhere, by a mistake of a file's owner; the mount cannot.
            confinement = {"ProtectSystem": "strict", "ReadWritePaths": str(runtime)}
            variables["WAKARI_VISITORS"] = "yes"
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
            limits=limits.properties(each),
            confinement=confinement,
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


def level_of(spec: ProjectSpec, user: str | None) -> str:
    """Return the person's level on the project, from the team the server told; of somebody not signed in for None."""
    if user == spec.owner.name:
        return "none" if spec.owner.banned else "admin"
    for member in spec.members:
        if member.name == user:
            return "write" if member.role == "member" else "read"
    return "read" if spec.public else "none"


def require_level(manifest: Manifest, spec: ProjectSpec, user: str | None) -> None:
    """Raise AppError `app_forbidden` (403) where the team gives the person a level below the app's."""
    require_at_least(manifest, level_of(spec, user), spec, user)


def require_at_least(manifest: Manifest, level: str, spec: ProjectSpec, user: str | None) -> None:
    """Raise AppError `app_forbidden` (403) where the level is below the app's."""
    if _ORDER.index(level) < _ORDER.index(manifest.permission):
        raise AppError(
            "app_forbidden",
            f"{manifest.title} needs the right to {manifest.permission} in {spec.path}; "
            f"{user or 'who is not signed in'} has {level}.",
            hint="Ask the project's owner.",
            status=403,
        )
