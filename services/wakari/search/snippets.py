# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of a file that a query is about, with what is to be marked in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from wakari.core.search import Hit
from wakari.search import patterns, query
from wakari.search.extract import CELL
from wakari.search.query import Acl, Node, Pattern, Words

SHOWN = 3  # lines of a file
_WIDTH = 200  # characters of a line
_MARKS = 20  # of a line
Spans = Iterable[tuple[int, int]]
Finder = Callable[[str], Iterator[tuple[int, int]]]


def hits(tree: Node, text: str, *, notebook: bool) -> list[Hit]:
    """Return the first lines with something wanted in them, each kind of it first; at most three, in their order."""
    finders = [_finder(leaf) for leaf in query.leaves(tree, wanted=True) if not isinstance(leaf, Acl)]
    starts: list[int] = []
    for find in finders:  # a line of each word before a second one of any
        starts += [start for start, _ in _first(find(text), SHOWN)]
    firsts = [found[0] for find in finders if (found := _first(find(text), 1))]
    chosen = dict.fromkeys(_line(text, start) for start in [*(start for start, _ in firsts), *starts])
    lines = sorted(list(chosen)[:SHOWN])
    return [_hit(text, begin, end, finders, notebook=notebook) for begin, end in lines]


def _first(found: Spans, most: int) -> list[tuple[int, int]]:
    taken = []
    for span in found:
        taken.append(span)
        if len(taken) == most:
            break
    return taken


def _finder(leaf: Words | Pattern) -> Finder:
    if isinstance(leaf, Words):
        return lambda text: _words_in(leaf, text)
    pattern, group = patterns.compiled(leaf.text), leaf.group

    def found(text: str) -> Iterator[tuple[int, int]]:
        spans = (match.span(group) for match in pattern.finditer(text))
        return (span for span in spans if span[1] > span[0])

    return found


def _words_in(leaf: Words, text: str) -> Iterator[tuple[int, int]]:
    none = True
    for match in _of_words(leaf).finditer(text):
        none = False
        yield match.span()
    if none and leaf.field in {"imports", "uses"} and len(leaf.words) > 1:
        # `np.linalg` in the code is `numpy.linalg` in the index: the last word stands in both.
        last = Words(leaf.words[-1:], leaf.prefix, leaf.field)
        yield from (match.span() for match in _of_words(last).finditer(text))


@lru_cache(maxsize=256)
def _of_words(leaf: Words) -> re.Pattern[str]:
    # Made of escaped words alone: nothing in it can backtrack far.
    between = r"\W{1,20}" if leaf.field == "any" else r"\W{0,20}"
    end = r"\w*" if leaf.prefix else ""
    return re.compile(rf"(?<!\w){between.join(map(re.escape, leaf.words))}{end}(?!\w)", re.IGNORECASE)


def _line(text: str, start: int) -> tuple[int, int]:
    begin = text.rfind("\n", 0, start) + 1
    end = text.find("\n", start)
    return begin, len(text) if end < 0 else end


def _hit(text: str, begin: int, end: int, finders: list[Finder], *, notebook: bool) -> Hit:
    line = text[begin:end].replace(CELL, " ")
    spans = _merged(span for find in finders for span in _first(find(line), _MARKS))
    # A long line is shown from a little before its first mark on.
    start = max(spans[0][0] - _WIDTH // 4, 0) if spans and spans[0][1] > _WIDTH else 0
    shown = line[start : start + _WIDTH]
    inside = [(max(left - start, 0), min(right - start, len(shown))) for left, right in spans]
    border = text.rfind(f"{CELL}\n", 0, begin)
    first = border + len(CELL) + 1 if notebook and border >= 0 else 0
    return Hit(
        line=text.count("\n", first, begin) + 1,
        cell=text.count(f"{CELL}\n", 0, begin) + 1 if notebook else None,
        text=shown,
        spans=tuple((left, right) for left, right in inside if left < right)[:_MARKS],
    )


def _merged(found: Spans) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(found):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged
