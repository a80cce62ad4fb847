# SPDX-License-Identifier: GPL-3.0-or-later
"""What a compute node tells upward of itself (docs/protocols.md, "Reports"). Bounded, strict; times are in seconds."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from wakari.core.messages import AppName, Message, NodeName, ProjectName, UserName

MAX_APPS = 2000  # of one node; about 350 bytes each, below the megabyte that a gateway takes
MAX_STOPPED = 200
MAX_EXAMPLES = 20

Amount = Annotated[float, Field(ge=0, le=1e18, allow_inf_nan=False)]
Moment = Annotated[float, Field(ge=0, le=4e9, allow_inf_nan=False)]  # seconds since the epoch, up to 2096
Count = Annotated[int, Field(ge=0, le=2**62)]
Text = Annotated[str, Field(max_length=300)]


class AppKey(Message):
    """Which app instance: of whom, in which project."""

    owner: UserName
    project: ProjectName
    user: UserName
    app: AppName


class AppReport(AppKey):
    """An app that runs. None: the node cannot tell. `cpu` is in cores since the last look, memory in bytes."""

    since: Moment
    cpu: Amount | None = None
    cpu_seconds: Amount | None = None
    memory: Count | None = None
    memory_peak: Count | None = None
    tasks: Count | None = None
    idle: Amount = 0.0  # seconds without activity
    stops_at: Moment | None = None  # None: never
    warned: bool = False  # it stops soon


class StoppedReport(AppKey):
    """An app that the node stopped by itself, and why."""

    at: Moment
    reason: Text


class DriftReport(Message):
    """What a check of a project's permissions found: files and folders that differ from the rule."""

    owner: UserName
    project: ProjectName
    at: Moment
    checked: Count = 0
    wrong: Count = 0
    examples: tuple[Text, ...] = Field(default=(), max_length=MAX_EXAMPLES)
    error: Text | None = None  # why it could not be checked


class NodeReport(Message):
    """One heartbeat. `interval`: seconds until the next; `load` of one, five and fifteen minutes."""

    node: NodeName
    interval: Amount
    load: tuple[Amount, Amount, Amount]
    cores: Count
    memory_total: Count
    memory_available: Count
    apps: tuple[AppReport, ...] = Field(default=(), max_length=MAX_APPS)
    stopped: tuple[StoppedReport, ...] = Field(default=(), max_length=MAX_STOPPED)
    permissions: tuple[DriftReport, ...] = Field(default=(), max_length=20)


class Act(Message):
    """What a person on the node asks of the server; the node vouches for who it is."""

    node: NodeName
    person: UserName
    owner: UserName
    project: ProjectName
    environment: NodeName
