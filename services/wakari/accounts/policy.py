# SPDX-License-Identifier: GPL-3.0-or-later
"""Which passwords may be set: long enough, not one's own name, none that is guessed first (NIST SP 800-63B-4, 3.1.1.2).

Nothing is asked of letters, digits and signs: such rules make passwords alike. A password is looked up in the lists of
zxcvbn, which are of leaked passwords, names and words, with the turns that people give them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from wakari.accounts import passwords
from wakari.core.errors import BadInputError

# Below a million guesses a password falls to guessing over the network (zxcvbn's score 2 begins there).
LEAST_GUESSES = 10**6
LOOKED_AT = 64  # characters; the time that zxcvbn takes grows with the square of them
SHORTEST_NAME = 3  # a shorter one is in too many words
OURS = ("wakari",)


def check_new(password: object, *, least: int = passwords.MIN_LENGTH, about: Iterable[str] = ()) -> str:
    """Return the password if it may be set for somebody of whom `about` tells: names, e-mail. Never quotes it.

    Raises:
        BadInputError: `password_invalid` for the length; `password_own_name`; `password_common`.
    """
    checked = passwords.check_new(password)
    if len(checked) < least:
        raise BadInputError(
            "password_invalid",
            "The password cannot be used.",
            hint=f"Use {least} to {passwords.MAX_LENGTH} characters.",
        )
    names = sorted({word for text in (*about, *OURS) for word in _words(text)}, key=len, reverse=True)
    rest = checked.casefold()
    for name in names:
        rest = rest.replace(name, "").replace(name[::-1], "")
    if rest != checked.casefold() and len(rest) < passwords.MIN_LENGTH:
        raise BadInputError(
            "password_own_name",
            "The password is little more than a name that others know.",
            hint=f"Without it, {passwords.MIN_LENGTH} characters must be left.",
        )
    if _guesses(checked, names) < LEAST_GUESSES:
        raise BadInputError(
            "password_common",
            "The password is among the first that are guessed.",
            hint="Put three or four words together that have nothing to do with each other.",
        )
    return checked


def _words(text: str) -> set[str]:
    """Return what of a name or an address stands in passwords, in lower case."""
    found = {word for word in re.split(r"[\W_]+", text.casefold()) if len(word) >= SHORTEST_NAME}
    return found | ({text.casefold()} if SHORTEST_NAME <= len(text) <= LOOKED_AT and " " not in text else set())


def _guesses(password: str, names: Iterable[str]) -> float:
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its lists take 10 MB: for the process that sets a password

    return float(zxcvbn(password[:LOOKED_AT], user_inputs=list(names))["guesses"])
