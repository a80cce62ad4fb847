# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of a project: made from the skeleton, given an environment, archived or deleted. Steps can be repeated.

`projectRoot` and `projectRoot/<owner>` belong to root, so nobody can put a link where a project is looked for; what is
inside a project belongs to its people and is reached by descriptors only.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from wakari.core.errors import AppError
from wakari.core.messages import Files, ProjectSpec
from wakari.environments.clone import Owner, clone
from wakari.environments.errors import EnvironmentsError
from wakari.helper.accounts import Account
from wakari.helper.settings import HelperSettings
from wakari.permissions import tree
from wakari.permissions.failures import write_error

STAGING, ARCHIVE = ".staging", ".archive"
ENVIRONMENTS = "envs"


class Projects:
    """The projects on this node."""

    def __init__(self, settings: HelperSettings) -> None:
        self._settings = settings
        self._root = settings.project_root

    def path(self, spec: ProjectSpec) -> Path:
        """Return the project's folder, whether or not it exists."""
        return self._root / spec.owner.name / spec.name

    def open(self, spec: ProjectSpec, owner: Account) -> int:
        """Return a descriptor of the project's folder.

        Raises:
            AppError: `project_not_started` (409) where there is none, `project_path_taken`, `project_owner_wrong`.
        """
        try:
            descriptor = tree.open_below(self._root, spec.owner.name, spec.name)
        except FileNotFoundError as error:
            raise AppError(
                "project_not_started",
                f"The project {spec.path} has no folder on this node yet.",
                hint="Start the project first.",
                status=409,
            ) from error
        except OSError as error:
            raise taken(self.path(spec), "is no folder, or is a symbolic link") from error
        found = os.fstat(descriptor).st_uid
        if found != owner.uid:
            os.close(descriptor)
            raise AppError(
                "project_owner_wrong",
                f"{self.path(spec)} belongs to uid {found}, not to {owner.name} (uid {owner.uid}).",
                hint="An administrator must move the folder away, or give it to its owner.",
                status=409,
            )
        return descriptor

    def create(self, spec: ProjectSpec, owner: Account) -> bool:
        """Make the project's folder from the skeleton; return False where it was there.

        It is made aside, where root alone looks, and moved into place when it is whole.
        """
        try:
            parent = self.owner_folder(spec.owner.name)
            if os.path.lexists(parent / spec.name):
                return False
            staged = self.staging() / f"{spec.owner.name}.{spec.name}.new"
            _remove(staged)
            skeleton = self._settings.below_prefix(self._settings.skeleton)
            if not skeleton.is_dir():
                raise AppError(
                    "skeleton_missing",
                    f"The skeleton of new projects, {skeleton}, is missing on this node.",
                    hint="Run the playbook, or correct skeleton in etc/wakari/scripts/config.json.",
                    status=500,
                )
            shutil.copytree(skeleton, staged, symlinks=True)
            (staged / ENVIRONMENTS).mkdir(exist_ok=True)
            _give(staged, owner)
            staged.chmod(0o700)  # until the permissions are set, its owner's alone
            staged.rename(parent / spec.name)
        except (OSError, shutil.Error) as error:
            raise _write_error(error) from error
        return True

    def create_environment(self, spec: ProjectSpec, owner: Account, progress: Callable[[int, int], None]) -> bool:
        """Clone the environment into `envs/`; return False where it was there. Raises AppError with the reason.

        What people made of it is theirs, also where it does not work. An empty folder, though, is no environment, and a
        file in its place is said: nothing could run.
        """
        name = spec.environment
        destination = self.path(spec) / ENVIRONMENTS / name
        descriptor = self.open(spec, owner)
        try:
            environments = _open_or_make(ENVIRONMENTS, descriptor, owner)
        except OSError as error:
            if error.errno in {errno.ELOOP, errno.ENOTDIR}:
                raise taken(destination.parent, "is no folder, or is a symbolic link") from error
            raise write_error(error) from error
        finally:
            os.close(descriptor)
        try:
            if not _is_free(name, environments, destination):
                return False
        finally:
            os.close(environments)
        self._clone(name, destination, owner, progress)
        return True

    def _clone(self, name: str, destination: Path, owner: Account, progress: Callable[[int, int], None]) -> None:
        """Clone the template; what fails is told to somebody who knows of projects, not of prefixes."""
        try:
            clone(self._template(name), destination, owner=Owner(owner.uid, owner.gid), progress=progress)
        except EnvironmentsError as error:
            if error.code == "no_space":
                raise write_error(OSError(errno.ENOSPC, "")) from error
            hint = (
                "An administrator must repair the root distribution (run the playbook); then start the project again."
            )
            raise AppError(
                error.code,
                f"The environment {name!r} of the project cannot be made: {error.message}",
                hint=hint if error.code == "not_an_environment" else error.hint,
                status=error.status,
            ) from error

    def remove(self, spec: ProjectSpec, files: Files) -> Path | None:
        """Take the folder away. Return where the archive is; None where it was deleted, or there was none."""
        path = self.path(spec)
        try:
            if not os.path.lexists(path):
                _remove(self.staging() / f"{spec.owner.name}.{spec.name}.removed")
                return None
            if files == "archive":
                folder = self._root / ARCHIVE / spec.owner.name
                _root_folder(self._root / ARCHIVE, 0o700)
                _root_folder(folder, 0o700)
                target = folder / f"{spec.name}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
                path.rename(target)
                return target
            staged = self.staging() / f"{spec.owner.name}.{spec.name}.removed"
            _remove(staged)
            path.rename(staged)
            _remove(staged)
        except OSError as error:
            raise write_error(error) from error
        return None

    def _template(self, name: str) -> Path:
        """Return what is cloned: the administrator's environment of that name where there is one, else the root."""
        prepared = self._settings.anaconda / "envs" / name
        return prepared if (prepared / "conda-meta").is_dir() else self._settings.anaconda

    def owner_folder(self, owner: str) -> Path:
        """Return the folder of a person's projects, made where it is missing. Raises AppError."""
        if not self._root.is_dir():
            raise AppError(
                "project_root_missing",
                f"The project root {self._root} does not exist on this node.",
                hint="Mount it, or correct projectRoot in the launcher's configuration; then start the project again.",
                status=500,
            )
        folder = self._root / owner
        _root_folder(folder, 0o711)
        return folder

    def staging(self) -> Path:
        """Return the folder where root alone looks, made where it is missing. Raises AppError."""
        folder = self._root / STAGING
        _root_folder(folder, 0o700)
        return folder


def _root_folder(path: Path, mode: int) -> None:
    """Make sure that the folder is there, root's, and no link; AppError `project_path_taken` otherwise."""
    path.mkdir(mode=mode, exist_ok=True)
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != 0 or status.st_mode & 0o022:
        raise taken(path, "is not a folder that root alone can write")


def _open_or_make(name: str, parent: int, owner: Account) -> int:
    try:
        return tree.open_directory(name, parent)
    except FileNotFoundError:
        os.mkdir(name, 0o755, dir_fd=parent)
        descriptor = tree.open_directory(name, parent)
        if os.fstat(descriptor).st_uid == 0:
            os.fchown(descriptor, owner.uid, owner.gid)
        return descriptor


def _is_free(name: str, environments: int, destination: Path) -> bool:
    """Return whether the environment must be made; AppError where something else has its name."""
    try:
        descriptor = tree.open_directory(name, environments)
    except FileNotFoundError:
        return True
    except OSError as error:
        status = os.stat(name, dir_fd=environments, follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            return False  # the team put it elsewhere
        raise AppError(
            "environment_path_taken",
            f"{destination} is a file, so the project's environment cannot be there.",
            hint=f"Give the file another name (over SSH, or by an administrator: mv {destination} {destination}.old); "
            "then start the project again.",
            status=409,
        ) from error
    try:
        return not os.listdir(descriptor)  # noqa: PTH208  # a descriptor, not a path
    finally:
        os.close(descriptor)


def _give(path: Path, owner: Account) -> None:
    """Give a tree that root alone can reach to its owner; links themselves, not what they point to."""
    for folder, names, files in os.walk(path):
        for name in [".", *names, *files]:
            os.chown(Path(folder) / name, owner.uid, owner.gid, follow_symlinks=False)


def _remove(path: Path) -> None:
    """Remove a tree that root alone can reach; nothing where there is none."""
    if os.path.lexists(path):
        shutil.rmtree(path)


def _write_error(error: OSError | shutil.Error) -> AppError:
    if isinstance(error, shutil.Error):  # copytree's collection of errors: the last cause decides
        text = str(error)
        for number in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            if os.strerror(number) in text:
                return write_error(OSError(number, os.strerror(number)))
        return write_error(OSError(errno.EIO, text[:200]))
    return write_error(error)


def taken(path: Path, what: str) -> AppError:
    """Return the refusal of a path that something else has."""
    return AppError(
        "project_path_taken",
        f"{path} {what}.",
        hint="An administrator must look at it and move it away.",
        status=409,
    )
