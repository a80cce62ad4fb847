# SPDX-License-Identifier: GPL-3.0-or-later
"""Body and answer of an off-boarding."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from pydantic import Field

from wakari.accounts.offboarding import Report
from wakari.server.api.models.base import In, Out


class NewOffboarding(In):
    """Who gets the projects; needed where the person owns any."""

    heir: str = Field(default="", max_length=64)
    dry_run: bool = Field(default=False, description="Report what there is and change nothing.")


class HandedOverOut(Out):
    """A project the person owned; `reason` says why it is theirs still, empty where it was handed over."""

    project: str
    to: str
    reason: str


class OffboardingOut(Out):
    """What was found and done. Not `closed`: a plan, or a project is the person's still; run it again then."""

    user: str
    uid: int
    actor: str
    at: datetime
    closed: bool
    sessions: int
    tokens: int
    ssh_keys: int
    roles: list[str]
    teams: list[str]
    groups: list[str]
    nodes: list[str] = Field(description="Nodes that tasks tell to take away what the person had there.")
    projects: list[HandedOverOut]

    @classmethod
    def of(cls, report: Report) -> OffboardingOut:
        """Return the report as the API shows it."""
        return cls.model_validate(asdict(report))
