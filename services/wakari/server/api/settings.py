# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/v1/settings."""

from __future__ import annotations

from wakari.access import Action, Caller, require_site
from wakari.server import who
from wakari.server.api.models.settings import SettingsChange, SettingsOut
from wakari.server.api.table import TABLE
from wakari.server.services import services


@TABLE.add("GET", "/settings", "See the settings of the site", action=Action.SETTING_READ, answer=SettingsOut)
def show(caller: Caller) -> SettingsOut:
    """Return the settings."""
    require_site(caller, Action.SETTING_READ)
    return SettingsOut.of(services().site.get())


@TABLE.add(
    "PATCH",
    "/settings",
    "Change the settings of the site",
    action=Action.SETTING_WRITE,
    body=SettingsChange,
    answer=SettingsOut,
)
def update(caller: Caller, body: SettingsChange) -> SettingsOut:
    """Return the settings after the change."""
    require_site(caller, Action.SETTING_WRITE)
    fields = body.model_dump(include=body.model_fields_set)
    return SettingsOut.of(services().site.change(fields, actor=caller.name, address=who.address()))
