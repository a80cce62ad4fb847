# SPDX-License-Identifier: GPL-3.0-or-later
"""Levels, roles and the one table of who may do what; three questions about it."""

from __future__ import annotations

from wakari.access.levels import LEVEL_OF_ROLE, Caller, Level, SiteRole
from wakari.access.questions import has, level, query, require, require_site
from wakari.access.table import TABLE, Action, Rule

__all__ = [
    "LEVEL_OF_ROLE",
    "TABLE",
    "Action",
    "Caller",
    "Level",
    "Rule",
    "SiteRole",
    "has",
    "level",
    "query",
    "require",
    "require_site",
]
