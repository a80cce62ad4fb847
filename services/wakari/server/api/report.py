# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/v1/report: what happened on the site in a period."""

from __future__ import annotations

from datetime import datetime

from wakari.access import Action, Caller, require_site
from wakari.core.errors import BadInputError
from wakari.server.api.models.base import Out
from wakari.server.api.models.people import UserOut
from wakari.server.api.table import TABLE
from wakari.server.daily_report import PERIODS, report
from wakari.server.services import services


class ReportOut(Out):
    """Numbers of now; new accounts (a hundred at most) and how often each action came from `since` to `until` (UTC)."""

    period: str
    since: datetime
    until: datetime
    users: int
    projects: int
    new_users: list[UserOut]
    actions: dict[str, int]


@TABLE.add(
    "GET",
    "/report",
    "See what happened on the site: today, yesterday, in this week or month",
    action=Action.REPORT_READ,
    answer=ReportOut,
    filters=("period",),
    errors=(422,),
)
def show(caller: Caller, filters: dict[str, str]) -> ReportOut:
    """Return the report."""
    require_site(caller, Action.REPORT_READ)
    period = filters.get("period", "today")
    if period not in PERIODS:
        raise BadInputError("period_unknown", "There is no such period.", hint=f"Use one of {', '.join(PERIODS)}.")
    found = report(services().store, period)
    return ReportOut(
        period=period,
        since=found.since,
        until=found.until,
        users=found.users,
        projects=found.projects,
        new_users=[UserOut.of(user) for user in found.people],
        actions=found.actions,
    )
