# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages that more than one tier reads (docs/protocols.md, "Shared messages"). Strict: an unknown key is refused."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)

from wakari.core import names
from wakari.core.errors import BadInputError

# The first uid the server gives away: above the range that Debian's and EL's useradd takes by itself (1000-60000
# is shared, so the lower part is left to hand-made accounts), below systemd's 61184.
FIRST_UID = 20000
LAST_UID = 59999
MAX_SSH_KEYS = 10  # of one person
# One public key: its kind and base64, no options and no comment. RSA of 8192 bits takes 1400 characters.
KeyLine = Annotated[str, Field(pattern=r"^[a-z0-9@.-]{7,50} [A-Za-z0-9+/]{40,2000}={0,2}$")]
# Bytes of a job: 200 people with ten of the longest keys each stay below.
MAX_JOB = 4 << 20


def _checked(check: Any) -> Any:  # noqa: ANN401 - pydantic's validators are untyped
    def run(value: str) -> str:
        try:
            return str(check(value))
        except BadInputError as error:
            raise ValueError(f"{error.message} {error.hint}") from error

    return AfterValidator(run)


UserName = Annotated[str, _checked(names.user_name)]
ProjectName = Annotated[str, _checked(names.project_name)]
AppName = Annotated[str, _checked(names.app_name)]
NodeName = Annotated[str, _checked(names.node_name)]
Uid = Annotated[int, Field(ge=1000, le=LAST_UID, strict=True)]
Level = Literal["none", "read", "write", "admin"]
Verb = Literal[
    "start-project",
    "stop-project",
    "apply-permissions",
    "apply-settings",
    "check-permissions",
    "status-project",
    "remove-project",
    "transfer-project",
    "mark-project",
    "find-project",
    "leave-project",
]
# What becomes of the files of a project that is removed: kept in the node's archive, or deleted for good.
Files = Literal["archive", "delete"]
# What one node writes into a project's folder for another one to find: 256 random bits.
Marker = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Step = Literal["accounts", "skeleton", "environment", "permissions", "apps", "ready"]


class Message(BaseModel):
    """Base of all messages: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def sent(self) -> dict[str, Any]:
        """Return the message as another tier gets it: without what is at its default.

        So a tier of the release before, which refuses keys it does not know, reads it while nobody uses what is new
        (docs/operations.md, "Upgrade").
        """
        return self.model_dump(mode="json", exclude_defaults=True)


class SshKeys(Message):
    """A person's public keys, in OpenSSH's format without options (sshd(8), "AUTHORIZED_KEYS FILE FORMAT").

    `revision` grows with each change: a node keeps the newest, whichever project's job brings it.
    """

    revision: Annotated[int, Field(ge=0, strict=True)]
    lines: tuple[KeyLine, ...] = Field(default=(), max_length=MAX_SSH_KEYS)


class Limits(Message):
    """What one app, or all apps of a project together, may use (systemd.resource-control(5)); None sets no limit."""

    memory_max: str | None = Field(default=None, pattern=r"^[1-9][0-9]{0,14}[KMGT]?$")
    tasks_max: int | None = Field(default=None, ge=16, le=4_194_304, strict=True)
    cpu_quota_percent: int | None = Field(default=None, ge=1, le=100_000, strict=True)

    @property
    def memory_bytes(self) -> int:
        """Return the limit of memory in bytes (K, M, G and T are powers of 1024, as systemd's); 0 for none."""
        text = self.memory_max or "0"
        return int(text.rstrip("KMGT")) << {"K": 10, "M": 20, "G": 30, "T": 40}.get(text[-1], 0)


class Person(Message):
    """An account as every node knows it. `ssh_keys` is told with jobs alone; None says nothing about them.

    `banned`: it owns the project, and is kept out of it; people of a team who are banned are not told at all.
    """

    name: UserName
    uid: Uid
    gid: Uid
    ssh_keys: SshKeys | None = None
    banned: bool = False

    @model_serializer(mode="wrap")
    def _told(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Said where it is so, and else left out: a node of an older release refuses a key that it does not know.
        told: dict[str, Any] = serialize(self)
        return told if self.banned else {key: value for key, value in told.items() if key != "banned"}


class Member(Person):
    """A person in a project's team who is not the owner."""

    role: Literal["member", "viewer"]


class ProjectSpec(Message):
    """All that a compute node needs to know of a project. `limits` is told with jobs alone, as `ssh_keys` are."""

    owner: Person
    name: ProjectName
    members: tuple[Member, ...] = ()
    public: bool = False
    environment: NodeName = "default"
    limits: Limits = Limits()

    @property
    def path(self) -> str:
        """Return `owner/name`."""
        return f"{self.owner.name}/{self.name}"

    @property
    def people(self) -> tuple[Person, ...]:
        """Return the owner and the members."""
        return (self.owner, *self.members)


class Progress(Message):
    """One step of a job, said while it runs."""

    step: Step
    message: str = Field(max_length=500)
    fraction: float | None = Field(default=None, ge=0.0, le=1.0)


class Job(Message):
    """What the server asks a gateway, and a gateway a node, to do with a project.

    `former` is who owned it before, for `transfer-project` alone; `files` is for `remove-project` alone;
    `marker` for `mark-project` and `find-project`.
    """

    verb: Verb
    project: ProjectSpec
    requested_by: UserName
    node: NodeName | None = None
    former: Person | None = None
    files: Files = "archive"
    marker: Marker | None = None


class StopApp(Message):
    """Stop one app. `node`: for the gateway, where it runs; `requested_by`: who is told to have stopped it."""

    instance: str = Field(pattern=r"^[0-9a-f]{20}$")
    node: NodeName | None = None
    requested_by: UserName | None = None


def stopped_by(name: str) -> str:
    """Return the words that tell who stopped an app; they follow "Notebook was"."""
    return f"stopped by {name}, who administrates this site"


def project_id_of(owner: str, project: str) -> str:
    """Return the id of a project as units of nodes carry it: 20 hex digits of SHA-256."""
    return hashlib.sha256(f"{owner}/{project}".encode()).hexdigest()[:20]


def first_problem(error: ValidationError, whole: str = "") -> str:
    """Return `field: what is wrong` of the first rule a message breaks; `whole` stands where no field is at fault.

    The value itself is not told: it may be a secret.
    """
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or whole}: {first['msg']}"


def instance_of(owner: str, project: str, user: str, app: str) -> str:
    """Return the id of the one instance of an app for a person in a project: 20 hex digits of SHA-256."""
    return hashlib.sha256(f"{owner}/{project}/{user}/{app}".encode()).hexdigest()[:20]
