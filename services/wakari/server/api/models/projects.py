# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies and answers about projects, their teams and their tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from wakari.core.messages import Limits
from wakari.server.api.models.base import In, Name, Out
from wakari.store.records import State, Task, TaskState, TaskVerb


class TeamIn(In):
    """A person in a team, by name."""

    user: Name
    role: Literal["member", "viewer"] = "member"


class TeamGroupIn(In):
    """A group in a team, by name."""

    group: Name
    role: Literal["member", "viewer"] = "member"


class NewProject(In):
    """A project to create. `owner` is for superusers; `nodes` places it on these nodes of the data center."""

    name: str = Field(max_length=64)
    summary: str = Field(default="", max_length=200)
    description: str = Field(default="", max_length=10_000, description="Markdown (CommonMark and tables), no HTML.")
    public: bool | None = Field(default=None, description="Default: as the site's settings say.")
    members: list[TeamIn] = Field(default_factory=list, max_length=200)
    groups: list[TeamGroupIn] = Field(default_factory=list, max_length=200)
    data_center: str | None = Field(default=None, max_length=64, description="Id or name; default: the least loaded.")
    nodes: list[str] | None = Field(default=None, max_length=64, description="Default: the least loaded node.")
    owner: str | None = Field(default=None, max_length=64)
    tags: list[str] = Field(default_factory=list, max_length=20)


class ProjectChange(In):
    """What shall change in a project; keys that are left out stay. `members` and `groups` are the whole team."""

    summary: str | None = Field(default=None, max_length=200)
    description: str | None = Field(default=None, max_length=10_000, description="Markdown, see NewProject.")
    public: bool | None = None
    environment: str | None = Field(default=None, max_length=64, description="Name of the active environment.")
    tags: list[str] | None = Field(default=None, max_length=20, description="All of them.")
    members: list[TeamIn] | None = Field(default=None, max_length=200)
    groups: list[TeamGroupIn] | None = Field(default=None, max_length=200)
    limits: Limits | None = Field(
        default=None, description="For superusers: all three as they shall be; what is left out is not limited."
    )


class NewOwner(In):
    """Who shall own a project."""

    owner: str = Field(max_length=64, description="Somebody of the team; for superusers anybody.")
    keep: Literal["member", "viewer"] | None = Field(
        default=None, description="The former owner's role in the team from then on; null: no place in it."
    )


class Nodes(In):
    """Where a project shall live."""

    nodes: list[str] = Field(min_length=1, max_length=64, description="All its nodes, of its data center.")


class MemberRole(In):
    """A role in a team."""

    role: Literal["member", "viewer"]


class MemberOut(Out):
    """A person in a team."""

    user: str
    role: Literal["member", "viewer"]


class TeamGroupOut(Out):
    """A group in a team."""

    group: str
    role: Literal["member", "viewer"]


class ProjectUrls(Out):
    """Where people go."""

    page: str
    apps: dict[str, str]


class ProgressOut(Out):
    """One step of a job."""

    step: str
    message: str
    fraction: float | None = None


class ProjectOut(Out):
    """A project. `reason` is set when the state is `error`; `progress` while it changes.

    `limits` are those of all its apps together on each node; `ssh_hosts` where the team's SSH keys open their accounts.
    """

    owner: str
    name: str
    summary: str
    description: str
    public: bool
    environment: str
    data_center: str
    nodes: list[str]
    tags: list[str]
    stars: int
    state: State
    reason: str | None
    progress: ProgressOut | None
    members: list[MemberOut]
    groups: list[TeamGroupOut]
    limits: Limits
    ssh_hosts: list[str]
    created_at: datetime
    urls: ProjectUrls


class TaskOut(Out):
    """A task. `error` has the shape of an error's inner object."""

    id: str
    verb: TaskVerb
    project: str
    state: TaskState
    requested_by: str
    progress: list[ProgressOut]
    error: dict[str, Any] | None
    attempts: int
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, task: Task) -> TaskOut:
        """Return the task as the API shows it."""
        return cls.model_validate({**task.model_dump(), "progress": list(task.progress)})
