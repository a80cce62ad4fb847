# SPDX-License-Identifier: GPL-3.0-or-later
"""Permissions of a project on this node: who its team is here, and one walk over its files."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from pydantic import ValidationError

from wakari.core import names
from wakari.core.errors import AppError
from wakari.core.messages import ProjectSpec
from wakari.helper import locks
from wakari.helper.accounts import Accounts
from wakari.helper.projects import Projects
from wakari.helper.settings import HelperSettings
from wakari.permissions.engine import Engine
from wakari.permissions.policy import Policy, Team
from wakari.permissions.report import EXAMPLES, Report

log = logging.getLogger(__name__)


class Applying:
    """One engine behind start-project, changes of a team and wk-permissions."""

    def __init__(self, settings: HelperSettings) -> None:
        self._settings = settings
        self._accounts = Accounts(settings)
        self._projects = Projects(settings)

    def rule(self, spec: ProjectSpec) -> tuple[Policy, frozenset[int]]:
        """Return the rule for the project's files, and the uids whose files it does not touch; no account is made."""
        return Policy(self._accounts.team(spec, make=False)[1]), frozenset({0, self._accounts.service().pw_uid})

    def lock(self, spec: ProjectSpec, waiting: Callable[[], object]) -> AbstractContextManager[None]:
        """Return the lock that every change of the project holds."""
        # Neither user nor project names hold a dot: distinct projects have distinct locks.
        return locks.held(self._settings.run_dir, f"project.{spec.owner.name}.{spec.name}.lock", waiting)

    def apply(
        self,
        spec: ProjectSpec,
        *,
        write: bool,
        progress: Callable[[int], None] | None = None,
        examples: int = EXAMPLES,
    ) -> Report:
        """Compare the project's files with the rule, and put them right where `write`; return what was found.

        At most `examples` wrong files are told of one by one.

        Raises:
            AppError: `project_not_started`, `project_owner_wrong`, and what accounts and the engine raise.
        """
        owner, team = self._accounts.team(spec, make=write)
        descriptor = self._projects.open(spec, owner)
        try:
            return self._run(descriptor, team, write, progress, examples)
        finally:
            os.close(descriptor)

    def bring_in_line(self, folder: int, team: Team, progress: Callable[[int], None] | None = None) -> Report:
        """Put the files of a project right that is not in its place yet; the open folder stays open.

        Raises:
            AppError: what the engine raises.
        """
        return self._run(folder, team, True, progress, EXAMPLES)  # noqa: FBT003 - its own parameter

    def _run(
        self, folder: int, team: Team, write: bool, progress: Callable[[int], None] | None, examples: int
    ) -> Report:
        spared = frozenset({0, self._accounts.service().pw_uid})
        return Engine(Policy(team), spared, write=write, progress=progress, examples=examples).run(folder)

    def remember(self, spec: ProjectSpec) -> None:
        """Keep the team as it was applied."""
        path = self._state_file(spec.owner.name, spec.name)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_suffix(".new")
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(spec.model_dump(), file, indent=1)
            file.flush()
            # Without its content on the disk the new name may be all that is left of it when the power goes.
            os.fsync(file.fileno())
        temporary.replace(path)

    def forget(self, spec: ProjectSpec) -> None:
        """Drop what `remember` kept."""
        self._state_file(spec.owner.name, spec.name).unlink(missing_ok=True)

    def knows(self, spec: ProjectSpec) -> bool:
        """Return whether the project was applied on this node."""
        return self._state_file(spec.owner.name, spec.name).exists()

    def remembered(self, owner: str, project: str) -> ProjectSpec:
        """Return the project as it was applied last; AppError `project_not_started` where it never was."""
        path = self._state_file(names.user_name(owner), names.project_name(project))
        try:
            return ProjectSpec.model_validate_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise AppError(
                "project_not_started",
                f"The project {owner}/{project} was never started on this node.",
                hint="Start it, or name another as OWNER/PROJECT.",
                status=409,
            ) from error
        except (ValidationError, OSError) as error:
            raise AppError(
                "state_damaged",
                f"{path} cannot be read ({type(error).__name__}).",
                hint="Start the project: it writes the file anew.",
                status=500,
            ) from error

    def people(self, spec: ProjectSpec) -> frozenset[str]:
        """Return who is in the project, and who was when it was applied last."""
        found = {person.name for person in spec.people}
        with suppress(AppError):  # never applied, or nobody can tell any more
            found.update(person.name for person in self.remembered(spec.owner.name, spec.name).people)
        return frozenset(found)

    def all_remembered(self) -> Iterator[ProjectSpec]:
        """Yield the projects of this node as they were applied last; one whose file cannot be read is left out."""
        for path in (self._settings.state_dir / "projects").glob("*/*.json"):
            try:
                yield self.remembered(path.parent.name, path.stem)
            except AppError as error:
                log.warning("project left out", extra={"reason": error.message})

    def _state_file(self, owner: str, project: str) -> Path:
        return self._settings.state_dir / "projects" / owner / f"{project}.json"
