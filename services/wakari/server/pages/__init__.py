# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages: server-rendered, forms that work without JavaScript, live parts by htmx."""

from __future__ import annotations

from wakari.server.pages import (
    account,
    admin,
    admin_accounts,
    admin_fleet,
    admin_groups,
    admin_log,
    admin_mail,
    admin_people,
    admin_places,
    admin_site,
    admin_tasks,
    admin_users,
    admin_work,
    applications,
    dashboard,
    joining,
    project,
    project_settings,
    projects,
    provider,
    search,
    session,
)
from wakari.server.pages.blueprint import blueprint

VIEWS = (
    account,
    admin,
    admin_fleet,
    admin_accounts,
    admin_groups,
    admin_log,
    admin_mail,
    admin_people,
    admin_places,
    admin_site,
    admin_tasks,
    admin_users,
    admin_work,
    applications,
    dashboard,
    joining,
    project,
    project_settings,
    projects,
    provider,
    search,
    session,
)  # imported so that they enter themselves into the blueprint

__all__ = ["VIEWS", "blueprint"]
