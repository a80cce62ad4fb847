# SPDX-License-Identifier: GPL-3.0-or-later
"""The menu of the administration: each page with its address and who may open it."""

from __future__ import annotations

from dataclasses import dataclass

from wakari.access import Action


@dataclass(frozen=True)
class Entry:
    """A page of the menu. `tab` is what its template calls itself."""

    tab: str
    address: str
    words: str
    icon: str
    action: Action


@dataclass(frozen=True)
class Part:
    """A heading of the menu and the pages under it."""

    words: str
    entries: tuple[Entry, ...]


EXCEPTIONS = "/admin/exceptions"
MENU = (
    Part(
        "Today",
        (
            Entry("overview", "/admin", "Overview", "speedometer2", Action.TASK_READ_ALL),
            Entry("report", "/admin/report", "Daily report", "calendar3", Action.REPORT_READ),
            Entry("apps", "/admin/apps", "Running apps", "cpu", Action.APP_READ_ALL),
            Entry("tasks", "/admin/tasks", "Task queue", "list-task", Action.TASK_READ_ALL),
            Entry("exceptions", EXCEPTIONS, "Exceptions", "bug", Action.EXCEPTION_READ),
        ),
    ),
    Part(
        "People",
        (
            Entry("users", "/admin/users", "Users", "people-fill", Action.USER_READ),
            Entry("accounts", "/admin/accounts", "Accounts", "person-plus", Action.USER_READ),
            Entry("password-reset", "/admin/password-reset", "Password reset", "lock-fill", Action.USER_WRITE),
            Entry("groups", "/admin/groups", "Groups", "collection", Action.USER_READ),
            Entry("tokens", "/admin/tokens", "API tokens", "key", Action.TOKEN_ALL),
        ),
    ),
    Part(
        "Places",
        (
            Entry("data-centers", "/admin/data-centers", "Data centers", "globe", Action.NODE_READ),
            Entry("nodes", "/admin/nodes", "Compute nodes", "hdd-stack", Action.NODE_READ),
            Entry("fleet", "/admin/fleet", "Fleet jobs", "terminal", Action.FLEET_RUN),
            Entry("permissions", "/admin/permissions", "Permission drift", "shield-check", Action.NODE_READ),
        ),
    ),
    Part(
        "Site",
        (
            Entry("general", "/admin/general", "General", "sliders", Action.SETTING_READ),
            Entry("notification", "/admin/notification", "Notification", "megaphone", Action.MAIL_SEND),
            Entry("log", "/admin/log", "Security log", "journal-text", Action.LOG_READ),
        ),
    ),
)
ENTRIES = tuple(entry for part in MENU for entry in part.entries)
