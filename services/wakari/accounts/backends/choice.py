# SPDX-License-Identifier: GPL-3.0-or-later
"""From settings to the backend that checks passwords."""

from __future__ import annotations

from pathlib import Path

from wakari.accounts.backends.base import PasswordBackend
from wakari.accounts.backends.ldap import Ldap
from wakari.accounts.backends.pam import Pam
from wakari.accounts.backends.settings import BackendSettings, DirectorySettings


def password_backend(settings: BackendSettings, prefix: Path) -> PasswordBackend | None:
    """Return the backend that takes passwords besides our own database; None where there is none."""
    if settings.accounts == "ldap" and settings.ldap is not None:
        return Ldap(settings.ldap, prefix)
    if settings.accounts == "pam":
        return Pam(settings.pam)
    return None


def directory_settings(settings: BackendSettings) -> DirectorySettings:
    """Return what the chosen backend's groups give; nothing for the local one."""
    return settings.chosen() or DirectorySettings()
