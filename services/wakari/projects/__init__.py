# SPDX-License-Identifier: GPL-3.0-or-later
"""Projects: creation, placement, teams, and the tasks that change their state."""

from __future__ import annotations

from wakari.projects.create import Creation
from wakari.projects.dead_letters import DeadLetters
from wakari.projects.groups import Groups
from wakari.projects.lifecycle import Lifecycle
from wakari.projects.moving import Moving
from wakari.projects.reports import Reports
from wakari.projects.site import SiteChange
from wakari.projects.sites import Sites
from wakari.projects.social import Social
from wakari.projects.spec import node_spec, project_spec
from wakari.projects.status import Status
from wakari.projects.stop_app import StopApp
from wakari.projects.team import Team
from wakari.projects.transfer import Transfer

__all__ = [
    "Creation",
    "DeadLetters",
    "Groups",
    "Lifecycle",
    "Moving",
    "Reports",
    "SiteChange",
    "Sites",
    "Social",
    "Status",
    "StopApp",
    "Team",
    "Transfer",
    "node_spec",
    "project_spec",
]
