# SPDX-License-Identifier: GPL-3.0-or-later
"""What somebody has to do with a project, whether a path of it is as the rule wants it, and who can change that."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

from wakari.core.errors import AppError
from wakari.core.messages import ProjectSpec
from wakari.helper.applying import Applying
from wakari.helper.settings import HelperSettings
from wakari.permissions import naming
from wakari.permissions.acl import RWX, Acl
from wakari.permissions.explain import Person, Step, decide, rights
from wakari.permissions.policy import PUBLIC, Policy


def sentences(settings: HelperSettings, person: Person, path: Path, steps: list[Step]) -> list[str]:
    """Return what the project's team gives the person, and whom to ask for what; nothing outside of all projects.

    Raises:
        AppError: accounts of the team are missing, or the project's state is damaged.
    """
    names = _inside(settings.project_root, path)
    if names is None or person.uid == 0:
        return []
    applying = Applying(settings)
    try:
        spec = applying.remembered(*names[:2])
    except AppError as error:
        if error.code not in {"project_not_started", "user_name_invalid", "user_name_reserved", "project_name_invalid"}:
            raise
        return [f"{names[0]}/{names[1]} was never started on this node: nobody has been given rights to its files."]
    said = [_standing(settings, spec, person.name)]
    rule = _Rule(*applying.rule(spec), settings.project_root / names[0] / names[1])
    for step in steps:
        said += _of_step(rule, spec, person, step)
    return said + _more(settings, spec, person.name, steps[-1])


def _inside(root: Path, path: Path) -> tuple[str, ...] | None:
    """Return the parts of a path below the projects' root; None where it leads into no project."""
    try:
        parts = path.relative_to(root).parts
    except ValueError:
        return None
    return parts if len(parts) > 1 else None


def _role(spec: ProjectSpec, name: str) -> str | None:
    if name == spec.owner.name:
        return "owner"
    return next((member.role for member in spec.members if member.name == name), None)


def _standing(settings: HelperSettings, spec: ProjectSpec, name: str) -> str:
    """Return what the person is to the project."""
    role = _role(spec, name)
    if role is not None:
        return f"{name} is {'the' if role == 'owner' else 'a'} {role} of {spec.path}."
    kind = "public" if spec.public else "private"
    if name == settings.anonymous:
        return (
            f"{name} is ANON_USER: people outside the team of a public project look at it in Viewer under this "
            f"account. {spec.path} is {kind}."
        )
    said = f"{name} is not in the team of {spec.path}, which is {kind}"
    if not spec.public:
        return f"{said}: only public/ is open to {name}."
    if settings.anonymous is None:
        return f"{said}: Viewer shows its public/ (ANON_USER is 'disabled', so no more than that)."
    return (
        f"{said}: Viewer, which runs as {settings.anonymous} for {name}, shows all of it; this account opens public/."
    )


@dataclass(frozen=True)
class _Rule:
    """The rule for a project's files: what is wanted, whose files it does not touch, and the project's folder."""

    policy: Policy
    spared: frozenset[int]
    top: Path

    def wanted(self, step: Step) -> Acl | None:
        """Return the ACL that the rule wants; None for what is not in the project, or has no rule."""
        if step.path != self.top and self.top not in step.path.parents:
            return None
        status, inner = step.status, step.path.relative_to(self.top).parts
        public = inner[:1] == (PUBLIC,) and (len(inner) > 1 or step.is_directory)
        if step.is_directory:
            return self.policy.directory(status.st_uid, status.st_gid, public)
        if stat.S_ISREG(status.st_mode):
            return self.policy.file(status.st_uid, status.st_gid, bool(status.st_mode & stat.S_IXUSR), public)
        return None


def _of_step(rule: _Rule, spec: ProjectSpec, person: Person, step: Step) -> list[str]:
    """Return what is wrong with one inode for the person, and who puts it right; nothing where all is as it should."""
    wanted, status = rule.wanted(step), step.status
    if wanted is None:
        return []
    name, owner = naming.printable(str(step.path)), naming.person(status.st_uid)
    if status.st_uid in rule.spared:
        left = f"{name} belongs to {owner} and is left as it is: it may be shared with the root distribution."
        return [] if step.decision.allowed == RWX else [left]
    due = decide(wanted, status.st_uid, status.st_gid, person.uid, person.gids)
    if due.allowed == step.decision.allowed:
        return []
    should = rights(Step(step.path, due, status))
    repair = f"an administrator runs wk-permissions repair {spec.path}"
    return [
        f"{name}, a file of {owner}, is not as it should be: {person.name} should have the right to: {should}.",
        f"To put that right: {spec.owner.name} starts the project, or {repair}.",
    ]


def _more(settings: HelperSettings, spec: ProjectSpec, name: str, last: Step) -> list[str]:
    """Return whom to ask for more than the role gives; nothing for whom there is no more."""
    role, owner = _role(spec, name), spec.owner.name
    if role in {"owner", "member"} or last.status.st_uid == 0:
        return []
    if role == "viewer":
        return [f"To write: ask the owner, {owner}, to make {name} a member of {spec.path}."]
    if name == settings.anonymous:
        if spec.public:
            return []
        return [f"To let everybody look: ask the owner, {owner}, to make {spec.path} public."]
    return [f"To work in it: ask the owner, {owner}, to add {name} to the team of {spec.path}."]
