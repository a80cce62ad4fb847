# SPDX-License-Identifier: GPL-3.0-or-later
"""Reset links: a new password for whoever holds the link, once.

The secret stands behind the `#` of the address, which browsers keep to themselves: no request, log or referrer has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from wakari.accounts.accounts import Accounts, must_be_local
from wakari.core.errors import AppError
from wakari.store import Store
from wakari.store.base import Transaction
from wakari.store.records import Reset, User

LIFETIME = 86400.0  # seconds; long enough to be handed over, NIST SP 800-63B-4, 4.2.2.2 for codes that are sent
PATH = "/login/reset"


@dataclass(frozen=True)
class ResetLink:
    """A link, told this once."""

    url: str
    expires_at: datetime


@dataclass(frozen=True)
class Resets:
    """Makes reset links and takes them. Who may make one is decided by the caller (wakari.access).

    `site` is the address of the server, without a `/` at its end.
    """

    store: Store
    accounts: Accounts
    site: str

    def make(self, name: str, *, actor: str, address: str = "") -> ResetLink:
        """Return a new link; a former one of the person ends. Who has it can become them: the log says who made it.

        Raises:
            AppError: `user_not_found` (404), `account_banned` (409); `password_elsewhere` (409): no link could set it.
        """
        user = self.accounts.get(name)
        must_be_local(user)
        if user.banned:
            raise AppError("account_banned", f"{name} is banned.", hint="Let them in again first.", status=409)

        def make(tx: Transaction) -> tuple[str, Reset]:
            return self.store.resets.add(name, actor, LIFETIME, tx)

        secret, made = self.store.transaction(make)
        self.store.audit.add("user.reset.make", actor, name, address)
        return ResetLink(f"{self.site}{PATH}#{secret}", made.expires_at)

    def redeem(self, secret: str, password: str, *, address: str = "") -> User:
        """Return the person, whose password is now this one and whose sessions have ended.

        A password that breaks a rule does not use the link up.

        Raises:
            BadInputError: the password breaks a rule.
            AppError: `reset_link_invalid` (410), the same for one that was used, that ended and that never was.
        """
        found = self.store.resets.look(secret)
        user = self.store.users.get(found.user) if found else None
        if user is None:
            raise _invalid()
        self.accounts.check_password(user, password)
        if self.store.resets.use(secret) is None:
            raise _invalid()
        self.accounts.set_password(user.name, password, actor=user.name, address=address)
        self.store.audit.add("user.reset.use", user.name, user.name, address)
        return user


def _invalid() -> AppError:
    return AppError(
        "reset_link_invalid",
        "This link was used already, has ended, or never was.",
        hint="Ask for another one.",
        status=410,
    )
