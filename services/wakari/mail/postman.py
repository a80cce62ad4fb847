# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends what waits in the outbox: one message after the other, again with growing pauses where the server is away."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from wakari.core.errors import AppError, UnavailableError
from wakari.core.settings import SettingsError
from wakari.mail import smtp
from wakari.mail.settings import MailSettings
from wakari.store import Store
from wakari.store.records import Mail
from wakari.store.sealed import Sealer

log = logging.getLogger(__name__)
LEASE = 600.0  # seconds one message may take; then another worker tries it
MAX_ATTEMPTS = 12  # some five hours: a mail server that is upgraded loses nothing
BACK_OFF, LONGEST_BACK_OFF = 10.0, 7200.0  # seconds before the second attempt, doubled for each later one


@dataclass(frozen=True)
class Postman:
    """Sends mail for one worker. `settings` None: mail is off, and nothing is touched."""

    store: Store
    sealer: Sealer
    settings: MailSettings | None
    prefix: Path

    def deliver(self) -> bool:
        """Send the message that waits longest; return whether there was one."""
        if self.settings is None:
            return False
        mail = self.store.mails.claim(LEASE)
        if mail is None:
            return False
        try:
            text = self.sealer.open(mail.sealed)
            password = self.settings.password(self.prefix)
            smtp.send(self.settings, password, smtp.message(self.settings, mail.to, mail.subject, text, mail.id))
        except (AppError, SettingsError) as error:
            self._failed(mail, error)
        else:
            self.store.mails.sent(mail)
            log.info("mail sent", extra={"mail": mail.id, "attempt": mail.attempts})
        return True

    def _failed(self, mail: Mail, error: AppError | SettingsError) -> None:
        # A setting can be put right while mail waits; what the mail server refuses for good cannot.
        passing = isinstance(error, UnavailableError | SettingsError)
        told = {"mail": mail.id, "attempt": mail.attempts, "error": str(error)}
        if passing and mail.attempts < MAX_ATTEMPTS:
            delay = min(BACK_OFF * 2 ** (mail.attempts - 1), LONGEST_BACK_OFF)
            self.store.mails.retry(mail, delay, str(error))
            log.warning("mail will be tried again", extra={**told, "delay": delay})
        else:
            self.store.mails.failed(mail, str(error))
            log.error("mail is given up", extra=told)
