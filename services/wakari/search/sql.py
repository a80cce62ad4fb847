# SPDX-License-Identifier: GPL-3.0-or-later
"""A query's tree as a condition of SQL. Whatever a person typed is a parameter, or quoted as FTS5 reads strings."""

from __future__ import annotations

from dataclasses import dataclass, field

from wakari.search.patterns import GRAM
from wakari.search.query import Acl, And, Field, Node, Not, Or, Pattern, Words, leaves

_NAMES = {"any": "name text", "name": "name", "imports": "imports", "uses": "uses", "defines": "defines"}
_MOST_GRAMS = 12  # of a pattern; more make the candidates no fewer


@dataclass
class Condition:
    """A condition on `files f`, its parameters, and the patterns that the function `found(number, ...)` looks for."""

    sql: str = ""
    parameters: list[object] = field(default_factory=list)
    patterns: list[Pattern] = field(default_factory=list)


def condition(node: Node) -> Condition:
    """Return the condition. It reads the tables `words`, `grams`, `temp.acl` and the function `found`."""
    made = Condition()
    made.sql = _sql(node, made)
    return made


def ranking(node: Node) -> str | None:
    """Return what FTS5 shall rank files by: every word that is wanted; None where there is none."""
    parts = [matching(leaf) for leaf in leaves(node, wanted=True) if isinstance(leaf, Words)]
    return " OR ".join(f"({part})" for part in parts) if parts else None


def matching(leaf: Words) -> str:
    """Return the words as FTS5 takes them (sqlite.org/fts5.html, "Full-text Query Syntax")."""
    phrase = " + ".join(quoted(word) for word in leaf.words)
    return f"{{{_NAMES[leaf.field]}}} : {phrase}{' *' if leaf.prefix else ''}"


def quoted(text: str) -> str:
    """Return the text as a string of FTS5."""
    return '"' + text.replace('"', '""') + '"'


def _sql(node: Node, made: Condition) -> str:
    match node:
        case And(parts):
            # What the index answers first: a pattern is then looked for in few files.
            ordered = sorted(parts, key=_slow)
            return "(" + " AND ".join(_sql(part, made) for part in ordered) + ")"
        case Or(parts):
            return "(" + " OR ".join(_sql(part, made) for part in parts) + ")"
        case Not(part):
            return f"NOT {_sql(part, made)}"
        case Words():
            made.parameters.append(matching(node))
            return "f.id IN (SELECT rowid FROM words WHERE words MATCH ?)"
        case Acl(person):
            made.parameters.append(person)
            return "f.project IN (SELECT project FROM temp.acl WHERE person = ?)"
        case Pattern():
            return _pattern(node, made)


def _pattern(node: Pattern, made: Condition) -> str:
    number = len(made.patterns)
    made.patterns.append(node)
    grams = _grams(node.literals)
    first = ""
    if grams and node.field in {"any", "name"}:
        # Three letters may stand in the name and three in the text: enough for candidates, `found` then decides.
        wanted = " AND ".join(map(quoted, grams))
        made.parameters.append(f"{{name}} : ({wanted})" if node.field == "name" else wanted)
        first = "f.id IN (SELECT rowid FROM grams WHERE grams MATCH ?) AND "
    columns = {"any": "f.path, c.text", "name": "f.path, NULL"}.get(node.field, f"c.{node.field}, NULL")
    return f"({first}(SELECT found({number}, {columns}) FROM contents c WHERE c.id = f.id))"  # noqa: S608 - our own names


def _grams(literals: tuple[str, ...]) -> list[str]:
    found = dict.fromkeys(
        literal[start : start + GRAM] for literal in literals for start in range(len(literal) - GRAM + 1)
    )
    return list(found)[:_MOST_GRAMS]


def _slow(node: Node) -> bool:
    return any(isinstance(leaf, Pattern) for leaf in leaves(node))


__all__ = ["Condition", "Field", "condition", "matching", "quoted", "ranking"]
