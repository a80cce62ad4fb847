# SPDX-License-Identifier: GPL-3.0-or-later
"""A real SMTP server for tests, and what it took."""

from __future__ import annotations

import email
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Box:
    """What the mail server took."""

    mails: list[tuple[str, EmailMessage]] = field(default_factory=list)
    answer: str = "250 OK"
    signed_in: list[str] = field(default_factory=list)

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.answer.startswith("250"):
            read = email.message_from_bytes(cast("bytes", envelope.content), policy=policy.default)
            self.mails.append((envelope.rcpt_tos[0], cast("EmailMessage", read)))
        return self.answer

    async def handle_RCPT(  # noqa: N802
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        if address.startswith("gone"):
            return "550 No such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"


@contextmanager
def served(box: Box, address: str = "127.0.0.1", **options: Any) -> Iterator[int]:
    """Yield the port of a mail server."""
    controller = Controller(box, hostname=address, port=_free_port(address), ready_timeout=30, **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])
