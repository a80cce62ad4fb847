# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail that waits to be sent. Texts are sealed: one may hold a reset link, which the database must not give away."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wakari.core.errors import AppError, BadInputError
from wakari.mail.settings import MailSettings
from wakari.store import Store
from wakari.store.records import User
from wakari.store.sealed import Sealer

MAX_SUBJECT, MAX_TEXT = 150, 10_000  # characters


@dataclass(frozen=True)
class Outbox:
    """Queues mail. `settings` None: mail is off."""

    store: Store
    sealer: Sealer
    settings: MailSettings | None

    @property
    def on(self) -> bool:
        """Return whether mail can be sent."""
        return self.settings is not None

    def require_on(self) -> None:
        """Return where the site sends mail; raise AppError `mail_off` (409) otherwise."""
        if self.settings is None:
            raise AppError(
                "mail_off",
                "This site sends no mail.",
                hint="An administrator names a mail server: the key `mail` of wk-server-config.json.",
                status=409,
            )

    def put(self, to: str, subject: str, text: str) -> None:
        """Queue one message; raise AppError `mail_off` (409) where the site sends none."""
        self.require_on()
        self.store.mails.add(to, subject, self.sealer.seal(text))

    def notify(
        self, subject: str, text: str, *, user: str = "", group: str = "", actor: str, address: str = ""
    ) -> tuple[int, int]:
        """Queue a message to one person, to a group, or (neither named) to everybody.

        Returns to how many people it goes, and how many were left out: they have no address, or are banned.

        Raises:
            BadInputError: `mail_invalid`; `recipients_unknown`.
            AppError: `mail_off` (409).
        """
        self.require_on()
        subject, text = subject.strip(), text.strip()
        if not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable() or not 0 < len(text) <= MAX_TEXT:
            raise BadInputError(
                "mail_invalid",
                "This cannot be sent.",
                hint=f"Use a subject of one line, {MAX_SUBJECT} characters at most, and a text of up to {MAX_TEXT}.",
            )
        queued = left_out = 0
        for person in self._people(user, group):
            if person.email and not person.banned:
                self.put(person.email, subject, text)
                queued += 1
            else:
                left_out += 1
        to = user or (f"group {group}" if group else "everybody")
        self.store.audit.add("mail.notify", actor, user, address, to=to, headed=subject, queued=queued)
        return queued, left_out

    def _people(self, user: str, group: str) -> Iterable[User]:
        if user and group:
            raise BadInputError("recipients_unknown", "Name a person or a group, not both.", hint="Leave one out.")
        if user:
            found = self.store.users.get(user)
            people = [found] if found else []
        elif group:
            people = self.store.users.in_groups([group])
        else:
            people = self.store.users.page("", 0)
        if not people:
            raise BadInputError("recipients_unknown", "There is nobody of this name.", hint="Check the spelling.")
        return people
