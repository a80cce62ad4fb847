# SPDX-License-Identifier: GPL-3.0-or-later
"""What a compute node is told of a project (docs/protocols.md, "Shared messages")."""

from __future__ import annotations

from typing import Any

from wakari.core.errors import AppError
from wakari.core.messages import Member, Person, ProjectSpec, SshKeys
from wakari.projects.members import resolved
from wakari.store import Store
from wakari.store.records import Project, User


def person(user: User) -> Person:
    """Return the account as nodes know it: gid equals uid."""
    return Person(**_described(user, jobs=False))


def node_spec(store: Store, project: Project) -> ProjectSpec:
    """Return all that a job tells a node: besides the team, everybody's SSH keys and the limits. Raises as below."""
    return _spec(store, project, jobs=True).model_copy(update={"limits": project.limits})


def project_spec(store: Store, project: Project) -> ProjectSpec:
    """Return the project with the uids of everybody in it, by name or by a group.

    Members whose account is closed or banned are left out.

    Raises:
        AppError: `owner_gone` where the owner's account is closed.
    """
    return _spec(store, project, jobs=False)


def _spec(store: Store, project: Project, *, jobs: bool) -> ProjectSpec:
    team = resolved(store, project)
    users = store.users.named([project.owner, *team])
    owner = users.get(project.owner)
    if owner is None:
        raise AppError(
            "owner_gone",
            f"The owner of {project.path} has no account any more.",
            hint="An administrator adds the user again or deletes the project.",
            status=409,
        )
    here = {name: user for name, user in users.items() if not user.banned}
    members = tuple(Member(**_described(here[name], jobs), role=role) for name, role in team.items() if name in here)
    return ProjectSpec(
        owner=Person(**_described(owner, jobs)),
        name=project.name,
        members=members,
        public=project.public,
        environment=project.environment,
    )


def _described(user: User, jobs: bool) -> dict[str, Any]:
    # Of who never had a key nothing is said: nodes of the release before know no keys.
    said = jobs and user.ssh_keys_revision > 0
    lines = () if user.banned else tuple(key.line for key in user.ssh_keys)
    keys = SshKeys(revision=user.ssh_keys_revision, lines=lines) if said else None
    return {"name": user.name, "uid": user.uid, "gid": user.uid, "ssh_keys": keys, "banned": user.banned}
