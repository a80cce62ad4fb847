# SPDX-License-Identifier: GPL-3.0-or-later
"""The words by which a project is found: each with its beginnings, so that a search is one place in an index."""

from __future__ import annotations

import re
from collections.abc import Iterable

LONGEST = 16  # characters of a beginning that are kept; what is searched is cut to it
MOST = 5  # words of one search
_PARTS = re.compile(r"[a-z]+|[A-Z]+(?![a-z])|[A-Z][a-z]*|[0-9]+", re.ASCII)


def words_of(owner: str, name: str, tags: Iterable[str]) -> list[str]:
    """Return all beginnings of owner, name, the name's parts (`dataSet-2019`: data, set, 2019) and tags, in order."""
    whole = {owner.lower(), name.lower(), *tags, *(part.lower() for part in _PARTS.findall(name))}
    return sorted({word[:length] for word in whole for length in range(1, min(len(word), LONGEST) + 1)})


def searched(text: str) -> list[str]:
    """Return the words of what somebody typed, the longest first: it leads to the fewest projects."""
    found = dict.fromkeys(word[:LONGEST].rstrip("-_") for word in re.findall(r"[a-z0-9][a-z0-9_-]*", text.lower()))
    return sorted(filter(None, found), key=len, reverse=True)[:MOST]
