# SPDX-License-Identifier: GPL-3.0-or-later
"""A project on its way to another owner: aside, where root alone looks, its files given, its environments made to work.

old place -> staging -> new place: each is one rename(2), so a run that is interrupted is found at one of the three, and
the next run goes on from there.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from wakari.core.errors import AppError
from wakari.core.messages import ProjectSpec
from wakari.environments.errors import EnvironmentsError
from wakari.environments.moving import relocate
from wakari.environments.prefix import is_prefix
from wakari.helper.accounts import Account, Accounts
from wakari.helper.giving import Gift, give
from wakari.helper.projects import ENVIRONMENTS, Projects, taken
from wakari.helper.settings import HelperSettings
from wakari.permissions import tree
from wakari.permissions.failures import write_error


@dataclass
class Moved:
    """What was moved: its open folder, how many inodes were given, and what was left and why."""

    folder: int
    given: int
    left: dict[str, int] = field(default_factory=dict)


class Transfer:
    """Moves projects between the folders of their owners."""

    def __init__(self, settings: HelperSettings, accounts: Accounts, projects: Projects) -> None:
        self._root = settings.project_root
        self._accounts = accounts
        self._projects = projects

    @contextmanager
    def taken(self, before: ProjectSpec, spec: ProjectSpec, owner: Account) -> Iterator[Moved | None]:
        """Yield the project while it is aside and its files are the new owner's; put it in its place after the block.

        Yields None where this node has no files of it. Where a former run, or another node on a shared file system,
        has put it there already, it is given to the block in its place.

        Raises:
            AppError: `project_path_taken`, `project_owner_wrong`, `disk_full` and others of the disk.
        """
        old, new = self._projects.path(before), self._projects.path(spec)
        try:
            staged = self._projects.staging() / f"{spec.owner.name}.{spec.name}.from.{before.owner.name}"
            if not os.path.lexists(staged):
                if not os.path.lexists(old):
                    yield from self._in_place(spec, owner)
                    return
                if os.path.lexists(new):
                    raise taken(new, f"is there, so that {old} cannot be moved to it")
                self._check(old, before)
                old.rename(staged)
            elif os.path.lexists(new):
                raise taken(new, f"is there, so that {staged} cannot be moved to it")
            folder = tree.open_directory(staged)
            try:
                gift = give(folder, self._former(before), owner)
                _relocate_all(staged, old, new, gift.left)
                yield Moved(folder, gift.given, gift.left)
                staged.rename(self._projects.owner_folder(spec.owner.name) / spec.name)
            finally:
                os.close(folder)
        except OSError as error:
            raise write_error(error) from error

    def _in_place(self, spec: ProjectSpec, owner: Account) -> Iterator[Moved | None]:
        try:
            folder = self._projects.open(spec, owner)
        except AppError as error:
            if error.code != "project_not_started":
                raise
            yield None
            return
        try:
            yield Moved(folder, 0)
        finally:
            os.close(folder)

    def _check(self, old: Path, before: ProjectSpec) -> None:
        """Return when the folder is one of the former owner's."""
        status = old.lstat()
        if not stat.S_ISDIR(status.st_mode):
            raise taken(old, "is no folder, or is a symbolic link")
        if status.st_uid != self._former(before).uid:
            raise AppError(
                "project_owner_wrong",
                f"{old} belongs to uid {status.st_uid}, not to {before.owner.name}.",
                hint="An administrator must move the folder away, or give it to its owner.",
                status=409,
            )

    def _former(self, before: ProjectSpec) -> Gift:
        """Return whose files are given: the account as this node knows it, else by the server's number."""
        try:
            account = self._accounts.ensure(before.owner, make=False)
        except AppError:
            return Gift(before.owner.uid, before.owner.gid)
        return Gift(account.uid, account.gid)


def _relocate_all(staged: Path, old: Path, new: Path, left: dict[str, int]) -> None:
    """Make the project's environments work in the new place; one that cannot be is counted and left as it is."""
    try:
        folder = tree.open_directory(staged / ENVIRONMENTS)
    except OSError:
        return
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False))
    finally:
        os.close(folder)
    with _aside(staged) as aside:
        for name in names:
            prefix = staged / ENVIRONMENTS / name
            if not is_prefix(prefix):
                continue
            try:
                relocate(prefix, old / ENVIRONMENTS / name, new / ENVIRONMENTS / name, aside)
            except EnvironmentsError as error:
                if error.code == "no_space":
                    raise
                left["environments"] = left.get("environments", 0) + 1


@contextmanager
def _aside(staged: Path) -> Iterator[Path]:
    """Yield an empty folder beside the project that root alone can reach; remove it after the block."""
    # No name of a person or a project holds a dot: no other project is staged under this one.
    folder = staged.with_name(f"{staged.name}.links")
    if os.path.lexists(folder):
        shutil.rmtree(folder)  # of a run that was interrupted
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
