# SPDX-License-Identifier: GPL-3.0-or-later
"""Words and regular expressions, as index and snippets see them. RE2 needs time in proportion to the text, always."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import re2

GRAM = 3  # characters; the index knows which three stand together in which file
MAX_MEMORY = 4 << 20  # bytes of one compiled pattern and its automata
# What the index's tokenizer takes for a word (docs/search.md): letters, digits and the underscore.
_WORD = re.compile(r"\w+")
_META = frozenset("\\.^$|?*+()[]{}")
_REPEATED = frozenset("*?{")


def words(text: str) -> list[str]:
    """Return the words of a text, in small letters."""
    return [found.group().lower() for found in _WORD.finditer(text)]


def ends_in_word(text: str) -> bool:
    """Return whether the last character belongs to a word."""
    return bool(_WORD.fullmatch(text[-1:]))


@lru_cache(maxsize=256)
def compiled(source: str) -> Any:  # noqa: ANN401 - re2 ships no types
    """Return the pattern, over text, lines apart (`^` and `$` are those of a line).

    Raises:
        ValueError: not RE2's syntax, or more than it may take of memory; with RE2's own words.
    """
    options = re2.Options()
    options.max_mem = MAX_MEMORY
    options.log_errors = False
    try:
        return re2.compile(f"(?m){source}", options)
    except re2.error as error:
        said = error.args[0] if error.args else b""
        words = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise ValueError(words.partition(":")[0]) from None


def literals(source: str) -> tuple[str, ...]:
    """Return runs of characters that occur in whatever the pattern matches, of three or more; none where unsure.

    Those outside of groups, classes and alternatives alone: fewer runs cost time, a wrong one would lose files.
    """
    source = source.removeprefix("(?i)")  # the index knows small letters alone
    if "|" in source or "(?" in source or "\\Q" in source:
        return ()
    runs: list[str] = []
    run, depth, at = "", 0, 0
    while at < len(source):
        sign = source[at]
        if sign == "[":
            at = _after_class(source, at)
            runs, run = [*runs, run], ""
            continue
        depth += {"(": 1, ")": -1}.get(sign, 0)
        plain, width = _plain(source, at)
        following = source[at + width : at + width + 1]
        if plain and depth == 0 and following not in _REPEATED:
            run += plain
        else:
            runs, run = [*runs, run], ""
        at += width
        if sign == "{":
            at = source.find("}", at) + 1 or len(source)
    return tuple(found for found in [*runs, run] if len(found) >= GRAM)


def _plain(source: str, at: int) -> tuple[str, int]:
    """Return the character that stands here for itself alone (empty where it is a sign) and the width of it."""
    sign = source[at]
    if sign != "\\":
        return ("" if sign in _META else sign), 1
    escaped = source[at + 1 : at + 2]
    if escaped in {"p", "P"} and source[at + 2 : at + 3] == "{":
        return "", source.find("}", at) + 1 - at or 2
    if escaped in {"x", "0", "p", "P"} or escaped.isdigit():
        return "", len(source) - at  # a code: what follows may belong to it
    return ("" if escaped.isalnum() or escaped == "_" else escaped), 2


def _after_class(source: str, at: int) -> int:
    at += 1
    if source[at : at + 1] == "^":
        at += 1
    if source[at : at + 1] == "]":
        at += 1
    while at < len(source) and source[at] != "]":
        if source.startswith("[:", at):
            at = source.find(":]", at) + 1 or len(source)
        at += 2 if source[at : at + 1] == "\\" else 1
    return at + 1
