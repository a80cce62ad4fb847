# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of the site that administrators change while it runs: one document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wakari.store.records import SiteSettings
from wakari.store.repository import Repository

ONE = {"_id": "site"}


class Site(Repository[SiteSettings]):
    """The settings."""

    kind = SiteSettings

    def get(self) -> SiteSettings:
        """Return the settings; those that nobody set have their defaults."""
        return self._one(ONE) or SiteSettings()

    def update(self, fields: Mapping[str, Any]) -> SiteSettings:
        """Return the settings after the change."""
        return self._change(ONE, {"$set": dict(fields)}, upsert=True) or SiteSettings()
