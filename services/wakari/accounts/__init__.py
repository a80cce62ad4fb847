# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts: users, passwords, sessions, API tokens, SSH keys, the limit on failed sign-ins."""

from __future__ import annotations

from wakari.accounts.accounts import Accounts
from wakari.accounts.authorizations import Authorizations
from wakari.accounts.ban import Bans
from wakari.accounts.offboarding import Offboarding
from wakari.accounts.registration import Registrations
from wakari.accounts.reset import Resets
from wakari.accounts.signin import SignIn
from wakari.accounts.ssh_keys import SshKeys

__all__ = ["Accounts", "Authorizations", "Bans", "Offboarding", "Registrations", "Resets", "SignIn", "SshKeys"]
