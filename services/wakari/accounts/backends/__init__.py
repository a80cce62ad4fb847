# SPDX-License-Identifier: GPL-3.0-or-later
"""Where passwords are checked: in our own database, an LDAP directory, PAM, or by an OpenID provider."""

from __future__ import annotations

from wakari.accounts.backends.base import Identity, PasswordBackend, away
from wakari.accounts.backends.choice import password_backend

__all__ = ["Identity", "PasswordBackend", "away", "password_backend"]
