# SPDX-License-Identifier: GPL-3.0-or-later
"""PAM: the accounts of the server node's own system. A small program of root's asks PAM (wakari.helper.pam)."""

from __future__ import annotations

import json
import logging
import socket
from dataclasses import dataclass
from typing import Any

from wakari.accounts.backends.base import Identity, away, usable
from wakari.accounts.backends.names import group_key
from wakari.accounts.backends.settings import PamSettings
from wakari.core import names
from wakari.core.errors import BadInputError
from wakari.store.records import Source

log = logging.getLogger(__name__)
MAX_ANSWER = 65536  # bytes


class PamError(Exception):
    """PAM, or the program that asks it, does not answer; the message is for administrators."""


@dataclass(frozen=True)
class Pam:
    """The system's accounts by the PAM service of the settings."""

    settings: PamSettings

    @property
    def source(self) -> Source:
        """Return the mark of its accounts."""
        return "pam"

    def authenticate(self, name: str, password: str) -> Identity | None:
        """Return the person; None where PAM refuses. Raises UnavailableError where nobody answers."""
        if not usable(name, password):
            return None
        try:
            names.user_name(name)  # before root is asked: its own accounts are never tried
        except BadInputError:
            return None
        try:
            found = self.ask(name, password)
        except PamError as error:
            log.error("PAM does not answer as it should", extra={"reason": str(error)})  # noqa: TRY400 - the reason says it all
            raise away(self.settings.title or "The server's system") from error
        if found is None:
            return None
        groups = frozenset(group_key(group) for group in found["groups"] if "=" not in group)
        return Identity(name=str(found["user"]), full_name=str(found["full_name"]), groups=groups)

    def ask(self, user: str, password: str) -> dict[str, Any] | None:
        """Return what the program says of the person; None where PAM refuses.

        Raises:
            PamError: it cannot be reached, or PAM itself failed.
        """
        question = {"service": self.settings.service, "user": user, "password": password}
        try:
            with socket.socket(socket.AF_UNIX) as door:
                door.settimeout(self.settings.timeout)
                door.connect(str(self.settings.socket))
                door.sendall(json.dumps(question).encode() + b"\n")
                with door.makefile("rb") as told:
                    answer = json.loads(told.readline(MAX_ANSWER))
        except (OSError, ValueError) as error:
            raise PamError(f"{self.settings.socket}: {type(error).__name__}: {error}") from error
        if not isinstance(answer, dict) or "result" not in answer:
            raise PamError(str(answer)[:300])
        result = answer["result"]
        return result if isinstance(result, dict) else None
