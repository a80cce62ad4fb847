# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies and answers about the site's settings."""

from __future__ import annotations

from pydantic import Field

from wakari.server.api.models.base import In, Out
from wakari.store.records import SiteSettings


class SettingsChange(In):
    """What shall change in the site's settings; keys that are left out stay."""

    default_project_public: bool | None = Field(
        default=None, description="Whether a project is public where nobody says; null: as the settings file says."
    )
    announcement: str = Field(default="", max_length=300, description="A line on top of every page; empty: none.")
    anonymous_reading: bool = Field(
        default=False, description="Whether public projects may be looked at in Viewer without signing in."
    )
    open_registration: bool = Field(default=False, description="Whether people may make an account themselves.")
    registration_approval: bool = Field(
        default=True, description="Whether an account that somebody made waits for an administrator."
    )
    password_min_length: int = Field(default=8, ge=8, le=64, description="Characters a new password has at least.")


class SettingsOut(Out):
    """The site's settings."""

    default_project_public: bool | None
    announcement: str
    anonymous_reading: bool
    open_registration: bool
    registration_approval: bool
    password_min_length: int

    @classmethod
    def of(cls, found: SiteSettings) -> SettingsOut:
        """Return the settings as the API shows them."""
        return cls.model_validate(found.model_dump())
