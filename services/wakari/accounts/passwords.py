# SPDX-License-Identifier: GPL-3.0-or-later
"""Passwords: argon2id with the parameters of OWASP's Password Storage Cheat Sheet (19 MiB, 2 passes, 1 lane)."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from wakari.core.errors import BadInputError, UnavailableError

MIN_LENGTH = 8  # NIST SP 800-63B-3, 5.1.1.2
MAX_LENGTH = 256  # a bound on what one request can make us hash
# At once in a process: each takes 19 MiB, so that a burst of sign-ins takes 38 MiB of it at most, and as many cores.
AT_ONCE = 2
LONGEST_WAIT = 10.0  # seconds for one's turn; a person waits no longer, and a flood must not hold all threads
_turns = threading.BoundedSemaphore(AT_ONCE)
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def check_new(password: object) -> str:
    """Return the password if it may be set; raise BadInputError otherwise. Never quotes it."""
    if not isinstance(password, str) or not MIN_LENGTH <= len(password) <= MAX_LENGTH or "\x00" in password:
        raise BadInputError(
            "password_invalid",
            "The password cannot be used.",
            hint=f"Use {MIN_LENGTH} to {MAX_LENGTH} characters.",
        )
    return password


def hash_password(password: str) -> str:
    """Return the encoded hash, with its salt and parameters; raise UnavailableError `busy` after LONGEST_WAIT."""
    with _turn():
        return _hasher.hash(password)


def verify(encoded: str, password: str) -> bool:
    """Return whether the password is the one of the hash. Takes the same time for an empty hash (no such user).

    Raises:
        UnavailableError: `busy` after LONGEST_WAIT.
    """
    if len(password) > MAX_LENGTH:
        password = ""
    known = encoded or _decoy()
    with _turn():
        try:
            return _hasher.verify(known, password) and bool(encoded)
        except (VerificationError, InvalidHashError):
            return False


def outdated(encoded: str) -> bool:
    """Return whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(encoded)


def generate() -> str:
    """Return a new random password of 120 bits."""
    return secrets.token_urlsafe(15)


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=LONGEST_WAIT):
        raise UnavailableError("busy", "Too many people sign in just now.", hint="Try again in a minute.")
    try:
        yield
    finally:
        _turns.release()


@cache
def _decoy() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))
