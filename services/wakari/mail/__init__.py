# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail to people: queued by the server, sent by the worker over SMTP. Off until the settings name a mail server."""

from __future__ import annotations

from wakari.mail.outbox import Outbox
from wakari.mail.postman import Postman
from wakari.mail.reset import ResetMail
from wakari.mail.settings import MailSettings

__all__ = ["MailSettings", "Outbox", "Postman", "ResetMail"]
