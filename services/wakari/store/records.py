# SPDX-License-Identifier: GPL-3.0-or-later
"""The shapes of what is stored."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from wakari.core.messages import Files, Limits
from wakari.store.base import Record

State = Literal["stopped", "starting", "running", "stopping", "error"]
# failed: a node refused; dead: given up after the last attempt, kept until somebody decides
TaskState = Literal["queued", "running", "done", "failed", "dead", "cancelled"]
TaskVerb = Literal[
    "start-project",
    "stop-project",
    "apply-permissions",
    "apply-settings",
    "remove-project",
    "transfer-project",
    "move-project",
]
Role = Literal["member", "viewer"]
# Where an account's password is checked. `local` is our own database.
Source = Literal["local", "ldap", "pam", "oidc"]


class SshKey(Record):
    """A public key of a person; `line` is its kind and base64, as sshd reads it."""

    id: str
    name: str
    kind: str
    line: str
    fingerprint: str
    created_at: datetime


class User(Record):
    """An account. One that was removed stays as a mark that keeps name and uid together."""

    name: str = Field(alias="_id")
    uid: int
    full_name: str = ""
    email: str = ""
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    password_hash: str = Field(default="", repr=False)
    source: Source = "local"
    subject: str = ""  # what the source knows the person by for good; empty where it has no such thing
    removed: bool = False
    ssh_keys: tuple[SshKey, ...] = ()
    ssh_keys_revision: int = 0  # milliseconds since the epoch of the last change; 0: never changed
    banned_at: datetime | None = None
    ban_reason: str = ""
    created_at: datetime
    last_sign_in: datetime | None = None

    @property
    def banned(self) -> bool:
        """Return whether the person is kept out for now."""
        return self.banned_at is not None


class Group(Record):
    """A group of users. Who is in it is told by each user's `groups`: a person's groups come with the account."""

    name: str = Field(alias="_id")
    summary: str = ""
    source: Source = "local"  # of another source: its people's membership follows that directory at each sign-in
    created_at: datetime


class TeamMember(Record):
    """A person in a project's team."""

    user: str
    role: Role


class TeamGroup(Record):
    """A group in a project's team: everybody in it has the role."""

    group: str
    role: Role


class Former(Record):
    """Who owned a project before, while a node may still have it where that person had it."""

    owner: str
    uid: int


class Project(Record):
    """A project: where it lives, who is in it, what state it is in and which task moves it."""

    id: str = Field(alias="_id")
    owner: str
    name: str
    summary: str = ""
    description: str = ""  # Markdown
    public: bool = False
    members: tuple[TeamMember, ...] = ()
    groups: tuple[TeamGroup, ...] = ()
    limits: Limits = Limits()
    environment: str = "default"
    data_center: str
    nodes: tuple[str, ...]
    state: State = "stopped"
    reason: str | None = None
    progress: dict[str, Any] | None = None
    task: str | None = None
    started_once: bool = False
    deleting: bool = False
    former: Former | None = None
    tags: tuple[str, ...] = ()
    stars: int = 0
    words: tuple[str, ...] = ()  # by which it is found: wakari.store.words
    created_at: datetime
    updated_at: datetime

    @property
    def path(self) -> str:
        """Return `owner/name`."""
        return f"{self.owner}/{self.name}"


class Health(Record):
    """What a gateway said when it was last asked."""

    status: str = "unknown"
    messages: tuple[str, ...] = ()
    checked_at: datetime | None = None


class DataCenter(Record):
    """A registered gateway. `sealed_secret` is the shared key, encrypted with the server's own (store.sealed)."""

    id: str = Field(alias="_id")
    name: str
    url: str
    summary: str = ""
    sealed_secret: str = Field(repr=False)
    health: Health = Health()
    created_at: datetime

    @property
    def client_id(self) -> str:
        """Return the OAuth client id, which is the data center's id."""
        return self.id


class Heartbeat(Record):
    """What a node said of itself when it reported last. `interval` is in seconds, memory in bytes."""

    at: datetime
    interval: float
    load: tuple[float, float, float]
    cores: int
    memory_total: int
    memory_available: int
    apps: int


class Node(Record):
    """A registered compute node."""

    name: str = Field(alias="_id")
    data_center: str
    url: str
    description: str = ""
    state: str = "unknown"
    drained: bool = False
    heartbeat: Heartbeat | None = None
    created_at: datetime


class Lease(Record):
    """Who works on a task, and until when nobody else may."""

    worker: str
    until: datetime


class Task(Record):
    """One thing the worker does with a project."""

    id: str = Field(alias="_id")
    verb: TaskVerb
    project_id: str
    project: str
    requested_by: str
    files: Files = "archive"  # what becomes of them, for `remove-project` alone
    nodes: tuple[str, ...] = ()  # where it shall live, for `move-project` alone
    state: TaskState = "queued"
    priority: int = 5
    progress: tuple[dict[str, Any], ...] = ()
    error: dict[str, Any] | None = None
    attempts: int = 0
    forgiven: int = 0  # attempts of before it was queued again, which no longer count
    run_after: datetime
    lease: Lease | None = None
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None


class Reset(Record):
    """A reset link that nobody used yet, without its secret."""

    id: str = Field(alias="_id")
    user: str
    made_by: str
    created_at: datetime
    expires_at: datetime


class Registration(Record):
    """Somebody who wants an account. `address` is where they registered from."""

    name: str = Field(alias="_id")
    password_hash: str = Field(repr=False)
    full_name: str = ""
    email: str = ""
    address: str = ""
    created_at: datetime


class Mail(Record):
    """A message to somebody. `sealed` is its text, encrypted (store.sealed); empty once it ended."""

    id: str = Field(alias="_id")
    to: str
    subject: str
    sealed: str = Field(repr=False)
    state: Literal["queued", "sent", "failed"] = "queued"
    attempts: int = 0
    error: str = ""
    run_after: datetime
    created_at: datetime
    finished_at: datetime | None = None


class SiteSettings(Record):
    """What administrators set while the site runs; None: nobody did, the settings file decides."""

    default_project_public: bool | None = None
    announcement: str = ""
    anonymous_reading: bool = False
    open_registration: bool = False
    registration_approval: bool = True
    password_min_length: int = 8


class SavedSearch(Record):
    """A search that a person kept."""

    id: str = Field(alias="_id")
    user: str
    name: str
    query: str
    created_at: datetime


class Session(Record):
    """A sign-in. The cookie's secret is stored as its digest."""

    id: str = Field(alias="_id")
    user: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class Authorization(Record):
    """A gateway's leave to act for a person in one browser; its id is the `sid` that the gateway knows the browser by.

    It comes from a session and is never alive without it. Without a data center it is from before these were kept.
    """

    id: str = Field(alias="_id")
    user: str
    session: str
    data_center: str = ""
    browser: str = ""
    address: str = ""
    created_at: datetime
    used_at: datetime
    expires_at: datetime


class Token(Record):
    """An API token, without its secret. One with a `sid` dies with that session."""

    id: str = Field(alias="_id")
    user: str
    name: str = ""
    sid: str | None = None
    code: str | None = None
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None


class Code(Record):
    """An OAuth authorization code, without its secret."""

    digest: str = Field(alias="_id")
    client_id: str
    redirect_uri: str
    scope: str
    user: str
    sid: str
    code_challenge: str
    browser: str = ""
    address: str = ""
    used: bool = False
    expires_at: datetime


class Event(Record):
    """One line of the security log."""

    id: str = Field(alias="_id")
    at: datetime
    event: str
    actor: str
    subject: str = ""
    address: str = ""
    request_id: str = ""
    detail: dict[str, Any] = Field(default_factory=dict)
    seq: int | None = None  # None: from before the chain
    previous: str = ""
    hash: str = ""
