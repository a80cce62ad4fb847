# SPDX-License-Identifier: GPL-3.0-or-later
"""What the helper may be asked. Anything else, and any unknown key, is refused before anything is done."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from wakari.core.errors import BadInputError
from wakari.core.messages import MAX_JOB, AppName, Files, Marker, Message, Person, ProjectSpec, UserName

MAX_PEOPLE = 5000
_MAX_TOLD = 5  # rules broken that one message names


class _Request(Message):
    request_id: str = Field(pattern=r"^[A-Za-z0-9-]{8,64}$")
    requested_by: UserName


class EnsureAccounts(_Request):
    """Make OS accounts, or check that they exist."""

    verb: Literal["ensure-accounts"]
    people: tuple[Person, ...] = Field(max_length=MAX_PEOPLE)


class _ProjectRequest(_Request):
    project: ProjectSpec


class StartProject(_ProjectRequest):
    """Accounts, project folder, environment, permissions."""

    verb: Literal["start-project"]


class ApplyPermissions(_ProjectRequest):
    """Permissions alone, and an end to apps of people who may not run them any more."""

    verb: Literal["apply-permissions"]


class ApplySettings(_ProjectRequest):
    """What the node keeps of a project beside its files: its people's SSH keys, its limits."""

    verb: Literal["apply-settings"]


class LaunchApp(_ProjectRequest):
    """Run an app of the project for a person, or a visitor who is not signed in; nothing where it runs already."""

    verb: Literal["launch-app"]
    user: Person | None
    app: AppName


class CheckPermissions(_ProjectRequest):
    """Compare the project's files with the rule; change nothing."""

    verb: Literal["check-permissions"]


class StatusProject(_ProjectRequest):
    """Say how the project is on this node; change nothing."""

    verb: Literal["status-project"]


class StopApp(_Request):
    """Stop one instance; nothing where it does not run."""

    verb: Literal["stop-app"]
    instance: str = Field(pattern=r"^[0-9a-f]{20}$")


class StopProject(_ProjectRequest):
    """Stop all instances of a project."""

    verb: Literal["stop-project"]


class RemoveProject(_ProjectRequest):
    """Take a project off this node: into the archive, or for ever."""

    verb: Literal["remove-project"]
    mode: Files


class TransferProject(_ProjectRequest):
    """Bring a project from where `former` had it to where its owner has it, with the former owner's files."""

    verb: Literal["transfer-project"]
    former: Person


class MarkProject(_ProjectRequest):
    """Write a mark into the project's folder."""

    verb: Literal["mark-project"]
    marker: Marker


class FindProject(_ProjectRequest):
    """Say whether the mark is in the project's folder, and take it away."""

    verb: Literal["find-project"]
    marker: Marker


class LeaveProject(_ProjectRequest):
    """Forget a project that lives on other nodes from now on; its files stay."""

    verb: Literal["leave-project"]


Request = (
    EnsureAccounts
    | StartProject
    | ApplyPermissions
    | ApplySettings
    | CheckPermissions
    | StatusProject
    | LaunchApp
    | StopApp
    | StopProject
    | RemoveProject
    | TransferProject
    | MarkProject
    | FindProject
    | LeaveProject
)
_ADAPTER: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="verb")])


def parse(text: bytes) -> Request:
    """Return the request; raise BadInputError (`request_invalid`, `request_too_large`) with every rule it breaks."""
    if len(text) > MAX_JOB:
        raise BadInputError("request_too_large", f"The request is larger than {MAX_JOB} bytes.")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInputError("request_invalid", "The request is not JSON.") from error
    try:
        return _ADAPTER.validate_python(content)
    except ValidationError as error:
        told = [
            f"{'.'.join(str(part) for part in item['loc']) or 'request'}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False)[:_MAX_TOLD]
        ]
        raise BadInputError("request_invalid", "The request breaks the contract: " + "; ".join(told)[:400]) from error
