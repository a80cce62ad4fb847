# SPDX-License-Identifier: GPL-3.0-or-later
"""What a compute node is told of a project (docs/protocols.md, "Shared messages")."""

from __future__ import annotations

from wakari.core.errors import AppError
from wakari.core.messages import Member, Person, ProjectSpec
from wakari.projects.members import resolved
from wakari.store import Store
from wakari.store.records import Project, User


def person(user: User) -> Person:
    """Return the account as nodes know it: gid equals uid."""
    return Person(name=user.name, uid=user.uid, gid=user.uid)


def project_spec(store: Store, project: Project) -> ProjectSpec:
    """Return the project with the uids of everybody in it, by name or by a group.

    Members whose account is closed are left out.

    Raises:
        AppError: `owner_gone` where the owner's account is closed.
    """
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
    members = tuple(
        Member(name=name, uid=users[name].uid, gid=users[name].uid, role=role)
        for name, role in team.items()
        if name in users
    )
    return ProjectSpec(owner=person(owner), name=project.name, members=members, public=project.public)
