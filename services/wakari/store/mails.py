# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail that waits, was sent, or was given up. Claimed by one atomic update and held by a lease."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from wakari.store.base import new_id, now
from wakari.store.records import Mail
from wakari.store.repository import Repository


class Mails(Repository[Mail]):
    """The outbox. The text of a message goes with its end."""

    kind = Mail

    def add(self, to: str, subject: str, sealed: str) -> Mail:
        """Return the new message, which waits."""
        moment = now()
        document: dict[str, Any] = {"_id": new_id(), "to": to, "subject": subject, "sealed": sealed}
        return self._insert({**document, "state": "queued", "attempts": 0, "run_after": moment, "created_at": moment})

    def claim(self, lease: float) -> Mail | None:
        """Return a message that is the caller's for `lease` seconds; None where none is due."""
        moment = now()
        first = self._one({"state": "queued", "run_after": {"$lte": moment}}, sort=(("run_after", 1),))
        if first is None:
            return None
        where = {"_id": first.id, "state": "queued", "run_after": {"$lte": moment}}
        return self._change(where, {"$set": {"run_after": moment + timedelta(seconds=lease)}, "$inc": {"attempts": 1}})

    def retry(self, mail: Mail, delay: float, error: str) -> None:
        """Let the message wait `delay` seconds more."""
        self._change(_held(mail), {"$set": {"run_after": now() + timedelta(seconds=delay), "error": error}})

    def sent(self, mail: Mail) -> None:
        """Note that the message was handed to the mail server."""
        self._end(mail, "sent", "")

    def failed(self, mail: Mail, error: str) -> None:
        """Give the message up."""
        self._end(mail, "failed", error)

    def latest(self, limit: int) -> list[Mail]:
        """Return the newest messages."""
        return self._many({}, (("created_at", -1),), limit)

    def _end(self, mail: Mail, state: str, error: str) -> None:
        fields = {"state": state, "error": error, "sealed": "", "finished_at": now()}
        self._change(_held(mail), {"$set": fields})


def _held(mail: Mail) -> dict[str, Any]:
    # The number of attempts is the fence, as for tasks: who claims after us raises it.
    return {"_id": mail.id, "state": "queued", "attempts": mail.attempts}
