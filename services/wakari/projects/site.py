# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings that administrators change while the site runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from wakari.core.errors import BadInputError
from wakari.store import Store
from wakari.store.records import SiteSettings

MAX_ANNOUNCEMENT = 300
# Characters. Below eight a password falls to guessing (NIST SP 800-63B-4, 3.1.1.2); above 64 nobody types one.
LEAST_PASSWORD, MOST_PASSWORD = 8, 64


@dataclass(frozen=True)
class SiteChange:
    """Reads and changes the settings."""

    store: Store

    def get(self) -> SiteSettings:
        """Return the settings."""
        return self.store.site.get()

    def change(self, fields: Mapping[str, Any], *, actor: str, address: str = "") -> SiteSettings:
        """Return the settings after the change; only what differs is written and logged.

        Raises:
            BadInputError: `announcement_invalid`, `password_length_invalid`.
        """
        announcement = str(fields.get("announcement", ""))
        if len(announcement) > MAX_ANNOUNCEMENT or not announcement.isprintable():
            raise BadInputError(
                "announcement_invalid",
                "The announcement cannot be used.",
                hint=f"Use one line of up to {MAX_ANNOUNCEMENT} characters.",
            )
        least = fields.get("password_min_length", LEAST_PASSWORD)
        if not LEAST_PASSWORD <= least <= MOST_PASSWORD:
            raise BadInputError(
                "password_length_invalid",
                "Passwords cannot be made that long or that short.",
                hint=f"Use {LEAST_PASSWORD} to {MOST_PASSWORD} characters as the least.",
            )
        present = self.store.site.get()
        differing = {name: value for name, value in fields.items() if getattr(present, name) != value}
        if not differing:
            return present
        changed = self.store.site.update(differing)
        self.store.audit.add("site.settings", actor, "", address, **differing)
        return changed
