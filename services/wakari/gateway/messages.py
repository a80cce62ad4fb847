# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages between data plane, control plane and server that concern a decision (docs/protocols.md)."""

from __future__ import annotations

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from wakari.core.errors import BadInputError, UnavailableError
from wakari.core.messages import AppName, Level, Message, NodeName, Person, ProjectSpec, UserName, first_problem


class Credential(Message):
    """Who asks: exactly one of a gateway session, an API token, nobody."""

    sid: str | None = Field(default=None, min_length=1, max_length=200)
    user: UserName | None = None
    token: str | None = Field(default=None, min_length=4, max_length=512, repr=False)
    anonymous: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Credential:
        session = self.sid is not None and self.user is not None
        if [session, self.token is not None, self.anonymous is not None].count(True) != 1:
            raise ValueError("give sid and user, or token, or anonymous")
        return self

    def body(self) -> dict[str, Any]:
        """Return what the server expects."""
        return self.model_dump(exclude_none=True)


class DecideRequest(Message):
    """The data plane asks what somebody may do in a project."""

    credential: Credential
    # Any text: whether there is such a project is for the server to say.
    owner: str = Field(min_length=1, max_length=64)
    project: str = Field(min_length=1, max_length=64)


class ChangesRequest(Message):
    """The data plane asks what changed after a position; `wait` is in seconds."""

    after: str | None = Field(default=None, min_length=1, max_length=600)
    wait: float = Field(default=5.0, ge=0.0, le=15.0)


class OpenRequest(DecideRequest):
    """The data plane asks where somebody's app answers; `wait` is in seconds."""

    app: AppName
    wait: float = Field(default=60.0, ge=0.0, le=60.0)


class Opened(BaseModel):
    """How a browser came to an address: what it says of the request (Fetch Metadata), and our own mark."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    method: str = ""
    site: str = ""
    dest: str = ""
    purpose: str = ""
    referer: str = Field(default="", max_length=65536)
    seen: bool = False  # the browser has seen the starting page: it is that page which asks again
    client: str = ""


class PageRequest(BaseModel):
    """The data plane asks for the page that tells a person about an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    credential: Credential | None = None
    opened: Opened = Opened()

    path: str = Field(max_length=65536)
    owner: str | None = None
    project: str | None = None
    app: str | None = None
    status: int
    error: dict[str, Any]


class FromServer(BaseModel):
    """Base of the server's answers: a newer server may say more than this gateway knows."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Decision(FromServer):
    """What the server says somebody may do in a project."""

    user: Person | None
    level: Level
    state: str | None = None
    reason: str | None = None
    project: ProjectSpec | None = None
    nodes: tuple[NodeName, ...] = ()
    project_page: str | None = None


class OwnDataCenter(FromServer):
    """What the server knows of this gateway, and lets it do for visitors."""

    anonymous_reading: bool = False


class Changes(FromServer):
    """What changed at the server up to the position `after`; with `reset` nobody knows what else did."""

    after: str = Field(min_length=1, max_length=600)
    revoke: tuple[dict[str, str], ...] = ()
    reset: bool = False


class Step(FromServer):
    """One step of the task that moves a project, with the last it said."""

    step: str = ""
    message: str = ""


class Starting(FromServer):
    """How far a project is that somebody opens, and whether they may start it."""

    state: str
    reason: str | None = None
    may_start: bool = False
    starters: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    fraction: float | None = None
    error: dict[str, Any] | None = None
    project_page: str = ""


class TokenAnswer(FromServer):
    """The server's answer to an authorization code."""

    user: Person
    sid: str = Field(min_length=1, max_length=200)


class Instance(FromServer):
    """A node's answer once an app runs. Without a `permission` the stricter one holds."""

    instance: str = Field(pattern=r"^[0-9a-f]{20}$")
    permission: Literal["read", "write"] = "write"


M = TypeVar("M", bound=BaseModel)


def of_request(kind: type[M], body: object) -> M:
    """Return the request's message; raise BadInputError (422) where it is not one."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        raise BadInputError("bad_request", _said(error)) from error


def of_answer(kind: type[M], body: object, peer: str) -> M:
    """Return another tier's answer; raise UnavailableError where it is not of the shape."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        raise UnavailableError(
            "bad_answer", f"{peer} answered in a form this gateway does not know: {_said(error)}"
        ) from error


def _said(error: ValidationError) -> str:
    return f"{first_problem(error, 'body')}."
