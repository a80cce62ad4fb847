# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backend is asked and what it answers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Protocol

from wakari.core.errors import UnavailableError
from wakari.store.records import Source

# What may be asked of a directory: printable ASCII without spaces. Directories match names loosely (RFC 4518): with
# spaces or look-alike letters one person would have many names, each with its own limit of failed attempts.
TYPED_NAME = re.compile(r"[!-~]{1,64}", re.ASCII)
MAX_PASSWORD = 256  # characters, as for passwords of our own


@dataclass(frozen=True)
class Identity:
    """A person as a backend knows them.

    Attributes:
        name: the user name, as the backend spells it.
        subject: what stays the same when the name changes hands or spelling; empty where the backend has no such thing.
        groups: names of groups, as `backends.names.group_key` writes them.
    """

    name: str
    subject: str = ""
    full_name: str = ""
    email: str = ""
    groups: frozenset[str] = field(default_factory=frozenset)


class PasswordBackend(Protocol):
    """A backend that takes a name and a password."""

    @property
    def source(self) -> Source:
        """Return what accounts of it are marked with."""

    def authenticate(self, name: str, password: str) -> Identity | None:
        """Return the person; None for an unknown name, a wrong password or a disabled account.

        Raises:
            UnavailableError: nobody can say just now.
        """


def usable(name: str, password: str) -> bool:
    """Return whether a backend may be asked at all.

    Never with an empty password: directories take a bind without one for an anonymous visitor's and say yes
    (RFC 4513, 5.1.2).
    """
    return bool(TYPED_NAME.fullmatch(name) and password and len(password) <= MAX_PASSWORD and "\x00" not in password)


def away(title: str) -> UnavailableError:
    """Return what people are told while a backend does not answer; the reason is for the log."""
    return UnavailableError(
        "accounts_unavailable",
        f"{title} cannot be reached, so nobody can check your password just now.",
        hint="Try again in a few minutes. Administrators with a local password can sign in meanwhile.",
    )
