# SPDX-License-Identifier: GPL-3.0-or-later
"""The daily report: what happened on the site in a period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from wakari.store import Store
from wakari.store.records import User

SHOWN = 100  # new people of a report
PERIODS: Mapping[str, str] = MappingProxyType(
    {"today": "Today", "yesterday": "Yesterday", "week": "This week", "month": "This month"}
)


@dataclass(frozen=True)
class Report:
    """Numbers of now, and the new people and actions from `since` to `until`, the end excluded."""

    period: str
    since: datetime
    until: datetime
    users: int
    projects: int
    people: list[User]
    actions: dict[str, int]


def report(store: Store, period: str, moment: datetime | None = None) -> Report:
    """Return the report of one of PERIODS, as seen from a moment (now)."""
    since, until = bounds(period, moment or datetime.now(UTC))
    return Report(
        period=period,
        since=since,
        until=until,
        users=store.users.count(),
        projects=store.projects.count(),
        people=store.users.made(since, until, SHOWN),
        actions=store.audit.counts(since, until),
    )


def bounds(period: str, moment: datetime) -> tuple[datetime, datetime]:
    """Return the beginning and end of a period in UTC, the end excluded; weeks begin on Monday (ISO 8601)."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    end = day + timedelta(days=1)
    if period == "yesterday":
        return day - timedelta(days=1), day
    if period == "week":
        return day - timedelta(days=day.weekday()), end
    if period == "month":
        return day.replace(day=1), end
    return day, end
