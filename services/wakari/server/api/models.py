# SPDX-License-Identifier: GPL-3.0-or-later
"""What the API takes and answers. Strict: an unknown key or a value of another type is refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from wakari.core.messages import Limits
from wakari.store.records import DataCenter, Node, SiteSettings, SshKey, State, Task, TaskState, TaskVerb, Token, User

Name = Annotated[str, Field(max_length=64)]


class In(BaseModel):
    """Base of all bodies a client sends."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Out(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True)


class NewToken(In):
    """A wish for an API token."""

    username: str = Field(max_length=64)
    password: str = Field(max_length=256, json_schema_extra={"format": "password"})
    name: str = Field(default="", max_length=100, description="A label that tells your tokens apart.")
    expires_in: int = Field(default=30 * 86400, ge=1, le=366 * 86400, description="Seconds.")


class IssuedToken(Out):
    """A token, told this once."""

    id: str
    token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the kind of the token
    expires_at: datetime


class TokenOut(Out):
    """A token without its secret."""

    id: str
    name: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, token: Token) -> TokenOut:
        """Return the token as the API shows it."""
        return cls.model_validate(token.model_dump())


class NewSshKey(In):
    """A public key to add."""

    name: str = Field(default="", max_length=100, description="A label; default: the comment of the key.")
    key: str = Field(max_length=8000, description="One line of OpenSSH's format: the content of the .pub file.")


class SshKeyOut(Out):
    """A public key; `fingerprint` is what `ssh-keygen -l` prints."""

    id: str
    name: str
    type: str
    fingerprint: str
    key: str
    created_at: datetime

    @classmethod
    def of(cls, key: SshKey) -> SshKeyOut:
        """Return the key as the API shows it."""
        return cls.model_validate({**key.model_dump(), "type": key.kind, "key": key.line})


class NewUser(In):
    """An account to add."""

    name: str = Field(max_length=64)
    password: str = Field(max_length=256, json_schema_extra={"format": "password"})
    full_name: str = Field(default="", max_length=100)
    email: str = Field(default="", max_length=254)
    roles: list[Literal["staff", "superuser"]] = Field(default_factory=list, max_length=2)


class UserChange(In):
    """What shall change in an account; keys that are left out stay."""

    password: str | None = Field(default=None, max_length=256, json_schema_extra={"format": "password"})
    full_name: str | None = Field(default=None, max_length=100)
    email: str | None = Field(default=None, max_length=254)
    roles: list[Literal["staff", "superuser"]] | None = Field(default=None, max_length=2)


class UserOut(Out):
    """An account."""

    name: str
    full_name: str
    email: str
    roles: list[str]
    groups: list[str]
    uid: int
    created_at: datetime
    last_sign_in: datetime | None

    @classmethod
    def of(cls, user: User) -> UserOut:
        """Return the account as the API shows it."""
        return cls.model_validate(
            {
                **user.model_dump(exclude={"password_hash"}),
                "roles": list(user.roles),
                "groups": sorted(user.groups),
            }
        )


class NewGroup(In):
    """A group of users to add."""

    name: str = Field(max_length=64)
    summary: str = Field(default="", max_length=200)
    members: list[Name] = Field(default_factory=list, max_length=1000)


class GroupChange(In):
    """What shall change in a group; keys that are left out stay. `members` is everybody in it from then on."""

    summary: str | None = Field(default=None, max_length=200)
    members: list[Name] | None = Field(default=None, max_length=1000)


class GroupOut(Out):
    """A group of users."""

    name: str
    summary: str
    members: list[str]
    created_at: datetime


class SettingsChange(In):
    """What shall change in the site's settings; keys that are left out stay."""

    default_project_public: bool | None = Field(
        default=None, description="Whether a project is public where nobody says; null: as the settings file says."
    )
    announcement: str = Field(default="", max_length=300, description="A line on top of every page; empty: none.")
    anonymous_reading: bool = Field(
        default=False, description="Whether public projects may be looked at in Viewer without signing in."
    )


class SettingsOut(Out):
    """The site's settings."""

    default_project_public: bool | None
    announcement: str
    anonymous_reading: bool

    @classmethod
    def of(cls, found: SiteSettings) -> SettingsOut:
        """Return the settings as the API shows them."""
        return cls.model_validate(found.model_dump())


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
    public: bool | None = Field(default=None, description="Default: as the site's settings say.")
    members: list[TeamIn] = Field(default_factory=list, max_length=200)
    groups: list[TeamGroupIn] = Field(default_factory=list, max_length=200)
    data_center: str | None = Field(default=None, max_length=64, description="Id or name; default: the least loaded.")
    nodes: list[str] | None = Field(default=None, max_length=64, description="Default: the least loaded node.")
    owner: str | None = Field(default=None, max_length=64)


class ProjectChange(In):
    """What shall change in a project; keys that are left out stay. `members` and `groups` are the whole team."""

    summary: str | None = Field(default=None, max_length=200)
    public: bool | None = None
    environment: str | None = Field(default=None, max_length=64, description="Name of the active environment.")
    members: list[TeamIn] | None = Field(default=None, max_length=200)
    groups: list[TeamGroupIn] | None = Field(default=None, max_length=200)
    limits: Limits | None = Field(
        default=None, description="For superusers: all three as they shall be; what is left out is not limited."
    )


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
    public: bool
    environment: str
    data_center: str
    nodes: list[str]
    state: State
    reason: str | None
    progress: ProgressOut | None
    members: list[MemberOut]
    groups: list[TeamGroupOut]
    limits: Limits
    ssh_hosts: list[str]
    created_at: datetime
    urls: ProjectUrls


class NewDataCenter(In):
    """A gateway to register."""

    name: str = Field(max_length=64)
    url: str = Field(max_length=255)
    summary: str = Field(default="", max_length=200)


class DataCenterChange(In):
    """What shall change in a data center. `rotate_secret` makes a new client secret, told once in the answer."""

    name: str | None = Field(default=None, max_length=64)
    url: str | None = Field(default=None, max_length=255)
    summary: str | None = Field(default=None, max_length=200)
    rotate_secret: bool = False


class HealthOut(Out):
    """What the gateway said when it was last asked."""

    status: str
    messages: list[str]
    checked_at: datetime | None


class DataCenterOut(Out):
    """A data center."""

    id: str
    name: str
    url: str
    summary: str
    client_id: str
    health: HealthOut

    @classmethod
    def of(cls, found: DataCenter) -> DataCenterOut:
        """Return the data center as the API shows it."""
        return cls.model_validate(_shown(found))


class DataCenterSecret(DataCenterOut):
    """A data center with its client secret: in the answer that made the secret, null in any other."""

    client_secret: str | None = None

    @classmethod
    def told(cls, found: DataCenter, secret: str | None) -> DataCenterSecret:
        """Return the data center with the secret that was just made."""
        return cls.model_validate({**_shown(found), "client_secret": secret})


class NewNode(In):
    """A compute node to register."""

    name: str = Field(max_length=64)
    data_center: str = Field(max_length=64, description="Id or name.")
    url: str = Field(max_length=255)
    description: str = Field(default="", max_length=200)


class NodeChange(In):
    """What shall change in a compute node; keys that are left out stay."""

    url: str | None = Field(default=None, max_length=255)
    description: str | None = Field(default=None, max_length=200)
    drained: bool | None = Field(default=None, description="A drained node gets no new projects.")


class NodeOut(Out):
    """A compute node. `state`: unknown, up, degraded or down; `drained`: gets no new projects."""

    name: str
    data_center: str
    url: str
    description: str
    state: str
    drained: bool

    @classmethod
    def of(cls, node: Node) -> NodeOut:
        """Return the node as the API shows it."""
        return cls.model_validate(node.model_dump())


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


def _shown(found: DataCenter) -> dict[str, Any]:
    shown = found.model_dump(exclude={"sealed_secret"})
    shown["client_id"] = found.client_id
    shown["health"]["messages"] = list(found.health.messages)
    return shown
