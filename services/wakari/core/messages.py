# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages that more than one tier reads (docs/protocols.md, "Shared messages"). Strict: an unknown key is refused."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from wakari.core import names
from wakari.core.errors import BadInputError

# The first uid the server gives away: above the range that Debian's and EL's useradd takes by itself (1000-60000
# is shared, so the lower part is left to hand-made accounts), below systemd's 61184.
FIRST_UID = 20000
LAST_UID = 59999


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
Verb = Literal["start-project", "stop-project", "apply-permissions", "check-permissions", "remove-project"]
Step = Literal["accounts", "skeleton", "environment", "permissions", "apps", "ready"]


class Message(BaseModel):
    """Base of all messages: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Person(Message):
    """An account as every node knows it."""

    name: UserName
    uid: Uid
    gid: Uid


class Member(Person):
    """A person in a project's team who is not the owner."""

    role: Literal["member", "viewer"]


class ProjectSpec(Message):
    """All that a compute node needs to know of a project."""

    owner: Person
    name: ProjectName
    members: tuple[Member, ...] = ()
    public: bool = False
    environment: NodeName = "default"

    @property
    def path(self) -> str:
        """Return `owner/name`."""
        return f"{self.owner.name}/{self.name}"


class Progress(Message):
    """One step of a job, said while it runs."""

    step: Step
    message: str = Field(max_length=500)
    fraction: float | None = Field(default=None, ge=0.0, le=1.0)


class Job(Message):
    """What the server asks a gateway, and a gateway a node, to do with a project."""

    verb: Verb
    project: ProjectSpec
    requested_by: UserName
    node: NodeName | None = None


def instance_of(owner: str, project: str, user: str, app: str) -> str:
    """Return the id of the one instance of an app for a person in a project: 20 hex digits of SHA-256."""
    return hashlib.sha256(f"{owner}/{project}/{user}/{app}".encode()).hexdigest()[:20]
