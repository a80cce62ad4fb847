# SPDX-License-Identifier: GPL-3.0-or-later
"""Reset links by mail: sent by an administrator, or asked for by whoever forgot their password."""

from __future__ import annotations

from dataclasses import dataclass

from wakari.accounts.reset import Resets
from wakari.core.errors import AppError
from wakari.mail.outbox import Outbox
from wakari.store import Store
from wakari.store.records import User

HOUR = 3600.0
# In an hour: links one account is sent, which a stranger may ask for, and wishes from one address.
ACCOUNT_LIMIT, ADDRESS_LIMIT = 3, 30
SUBJECT = "Set a new password"
TEXT = """Hello {name},

with this link you set a new password for your account {user}:

{url}

It works once, until {until} (UTC). {why}
"""
ASKED = "Somebody asked for it on the sign-in page; if that was not you, do nothing: your password stays."
SENT = "An administrator of the site sent it to you."


@dataclass(frozen=True)
class ResetMail:
    """Sends reset links."""

    store: Store
    resets: Resets
    outbox: Outbox

    def send(self, user: User, *, actor: str, address: str = "") -> None:
        """Make a link for the person and queue it to their address; raises what `Resets.make` does besides.

        Raises:
            AppError: `mail_off` (409), `no_email` (409); then a former link stays good.
        """
        self.outbox.require_on()
        if not user.email:
            raise AppError("no_email", f"{user.name} has no e-mail address.", hint="Hand the link over.", status=409)
        self._put(user, actor, address, SENT)

    def ask(self, name: str, address: str) -> None:
        """Send a link to whoever has this name, or nothing: the caller learns neither whether there is such a person.

        Raises:
            AppError: `mail_off` (409), the same for every name; `too_many_attempts` (429) for the address.
        """
        self.outbox.require_on()
        if self.store.throttles.count(f"forgot-from:{address}", HOUR) > ADDRESS_LIMIT:
            raise AppError(
                "too_many_attempts", "There were too many wishes for a link.", hint="Try again in an hour.", status=429
            )
        user = self.store.users.get(name)
        if user is None or user.source != "local" or user.banned or not user.email:
            return
        if self.store.throttles.count(f"forgot:{user.name}", HOUR) <= ACCOUNT_LIMIT:
            self._put(user, user.name, address, ASKED)

    def _put(self, user: User, actor: str, address: str, why: str) -> None:
        link = self.resets.make(user.name, actor=actor, address=address)
        until = f"{link.expires_at:%Y-%m-%d %H:%M}"
        known = {"name": user.full_name or user.name, "user": user.name}
        self.outbox.put(user.email, SUBJECT, TEXT.format(**known, url=link.url, until=until, why=why))
