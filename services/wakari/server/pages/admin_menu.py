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


MENU = (
    Part(
        "Today",
        (
            Entry("overview", "/admin", "Overview", "speedometer2", Action.TASK_READ_ALL),
            Entry("tasks", "/admin/tasks", "Task queue", "list-task", Action.TASK_READ_ALL),
        ),
    ),
    Part(
        "People",
        (Entry("users", "/admin/users", "Users", "people-fill", Action.USER_READ),),
    ),
    Part(
        "Places",
        (
            Entry("data-centers", "/admin/data-centers", "Data centers", "globe", Action.NODE_READ),
            Entry("nodes", "/admin/nodes", "Compute nodes", "hdd-stack", Action.NODE_READ),
            Entry("permissions", "/admin/permissions", "Permission drift", "shield-check", Action.NODE_READ),
        ),
    ),
    Part(
        "Site",
        (Entry("log", "/admin/log", "Security log", "journal-text", Action.USER_ROLES),),
    ),
)
ENTRIES = tuple(entry for part in MENU for entry in part.entries)
