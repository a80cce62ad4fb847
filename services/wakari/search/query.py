# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person types, as a tree (docs/search.md, "What to type"). Server and node read it by this one grammar."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, cast

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken, VisitError

from wakari.core.errors import BadInputError
from wakari.core.search import MAX_QUERY
from wakari.search import patterns

MAX_LEAVES = 40  # words, phrases and patterns of one query; each is a look-up in the index
Field = Literal["any", "name", "imports", "uses", "defines"]
FIELDS = ("name", "imports", "uses", "defines", "acl")

_NO_TEXT = re.compile("[\0\ud800-\udfff]")  # what JSON can carry, and no file of text holds

# A word may hold anything that is not punctuation of the language: `pd.read_csv` is one, and is found as a phrase.
_GRAMMAR = r"""
start: either
?either: both | either OR both -> either
?both: one | both one -> both | both AND one -> both
?one: NOT one -> negated | "(" either ")" | FIELD value -> fielded | value -> plain
?value: PHRASE | REGEX | WORD

OR.5: /OR(?=[\s()]|$)/
AND.5: /AND(?=[\s()]|$)/
NOT.5: /NOT(?=[\s()]|$)/
FIELD.4: /(?:name|imports|uses|defines|acl):/
REGEX.3: /\/(?:\\.|[^\/\\])+\//
PHRASE.3: /"[^"]*"/
WORD.1: /[^\s()"\/][^\s()"]*/
%ignore /\s+/
"""


@dataclass(frozen=True)
class Words:
    """Words that stand one after the other; with `prefix` the last one may go on."""

    words: tuple[str, ...]
    prefix: bool = False
    field: Field = "any"


@dataclass(frozen=True)
class Pattern:
    """A regular expression (RE2's syntax); each of `literals` occurs in whatever it matches."""

    text: str
    literals: tuple[str, ...]
    field: Field = "any"
    group: int = 0  # what of a match is meant: 0 all of it


@dataclass(frozen=True)
class Acl:
    """Files of projects that this person may read."""

    person: str


@dataclass(frozen=True)
class Not:
    """Files that the part does not match."""

    part: Node


@dataclass(frozen=True)
class And:
    """Files that all parts match."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Or:
    """Files that at least one part matches."""

    parts: tuple[Node, ...]


Leaf = Words | Pattern | Acl
Node = Leaf | Not | And | Or


def parse(text: str) -> Node:
    """Return the query as a tree.

    Raises:
        BadInputError: `query_invalid`; says what is wrong, and the place as a count of characters from 1.
    """
    text = _NO_TEXT.sub(" ", text)
    if not text.strip():
        raise _wrong("There is nothing to search for.", "Type a word, a phrase in quotes or a pattern.")
    if len(text) > MAX_QUERY:
        raise _wrong(f"The query is longer than {MAX_QUERY} characters.", "Make it shorter.")
    try:
        tree = _Build().transform(_grammar().parse(text))
    except VisitError as error:
        if isinstance(error.orig_exc, BadInputError):
            raise error.orig_exc from None
        raise
    except UnexpectedInput as error:
        raise _explained(error, text) from None
    except RecursionError:
        raise _wrong("The query is nested too deeply.", "Take some parentheses away.") from None
    if sum(1 for _ in leaves(tree)) > MAX_LEAVES:
        raise _wrong(f"The query has more than {MAX_LEAVES} parts.", "Make it shorter.")
    return tree


def leaves(node: Node, *, wanted: bool | None = None) -> Iterator[Leaf]:
    """Yield the leaves; with `wanted` those alone that a file shall match (True), or shall not match (False)."""
    yield from (leaf for leaf, positive in _signed(node, positive=True) if wanted in {None, positive})


def _signed(node: Node, *, positive: bool) -> Iterator[tuple[Leaf, bool]]:
    match node:
        case Not(part):
            yield from _signed(part, positive=not positive)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _signed(part, positive=positive)
        case _:
            yield node, positive


@lru_cache(maxsize=1)
def _grammar() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="basic", propagate_positions=True)


class _Build(Transformer[Token, Node]):
    """Makes our tree of lark's."""

    def start(self, found: list[Node]) -> Node:
        return found[0]

    def either(self, found: list[Node | Token]) -> Node:
        parts = [part for part in found if not isinstance(part, Token)]
        return Or(_flat(Or, parts))

    def both(self, found: list[Node | Token]) -> Node:
        parts = [part for part in found if not isinstance(part, Token)]
        return And(_flat(And, parts))

    def negated(self, found: list[Node]) -> Node:
        return Not(found[-1])

    def plain(self, found: list[Token]) -> Node:
        return _leaf("any", found[0])

    def fielded(self, found: list[Token]) -> Node:
        field, value = str(found[0])[:-1], found[1]
        if field == "acl":
            if value.type != "WORD":
                raise _wrong("acl: takes the name of a person.", "For example acl:alice.", value)
            return Acl(str(value))
        return _leaf(cast("Field", field), value)


def _flat(kind: type[And | Or], parts: list[Node]) -> tuple[Node, ...]:
    found: list[Node] = []
    for part in parts:
        found.extend(part.parts if isinstance(part, kind) else (part,))
    return tuple(found)


def _leaf(field: Field, value: Token) -> Node:
    text = str(value)
    if value.type == "REGEX":
        source = text[1:-1].replace("\\/", "/")
        try:
            patterns.compiled(source)
        except ValueError as error:
            raise _wrong(
                f"The pattern {text} cannot be used: {error}.", "Patterns are RE2's: no look-ahead, no \\1.", value
            ) from None
        return Pattern(source, patterns.literals(source), field)
    if value.type == "PHRASE":
        return _words(text[1:-1], field, value)
    _no_slip(text, value)
    if re.fullmatch(r"[^*?]*[*?]?", text) and not text.endswith("?"):
        return _words(text.removesuffix("*"), field, value, prefix=text.endswith("*"))
    return _wild(text, field, value)


def _words(text: str, field: Field, at: Token, *, prefix: bool = False) -> Words:
    found = tuple(patterns.words(text))
    if not found:
        raise _wrong("There is no letter and no digit in it.", "Use a pattern between slashes for signs alone.", at)
    # `np.*` asks for whatever comes behind `np`.
    return Words(found, prefix and patterns.ends_in_word(text), field)


def _wild(text: str, field: Field, at: Token) -> Pattern:
    pieces = re.split(r"([*?])", text)
    if not patterns.words("".join(pieces)):
        raise _wrong("There is no letter and no digit beside the wildcard.", "Give at least one.", at)
    source = "".join({"*": r"[\pL\pN_]*", "?": r"[\pL\pN_]"}.get(piece, re.escape(piece)) for piece in pieces)
    literals = tuple(piece for piece in pieces if len(piece) >= patterns.GRAM)
    return Pattern(rf"(?i)(?:^|[^\pL\pN_])({source})(?:$|[^\pL\pN_])", literals, field, 1)


def _no_slip(text: str, at: Token) -> None:
    """Refuse `import:x`, which would silently search for two words."""
    field, colon, rest = text.partition(":")
    meant = difflib.get_close_matches(field, FIELDS, n=1, cutoff=0.75) if colon and rest else []
    if meant:
        raise _wrong(f"There is no field {field}:.", f"Write {meant[0]}:, or put quotes around the words.", at)


def _explained(error: UnexpectedInput, text: str) -> BadInputError:
    if isinstance(error, UnexpectedEOF) or (isinstance(error, UnexpectedToken) and error.token.type == "$END"):
        return _wrong("Something is missing at the end.", "Close the parenthesis, or say what the last word refers to.")
    place = (error.pos_in_stream or 0) + 1
    if isinstance(error, UnexpectedCharacters):
        sign = text[place - 1]
        hint = "Close the quotes." if sign == '"' else "Write patterns as /pattern/; put quotes around paths."
        return _wrong(f"{sign} at character {place} has no end.", hint)
    token = str(getattr(error, "token", ""))
    return _wrong(f"{token} at character {place} is out of place.", "AND, OR and NOT stand before or between words.")


def _wrong(message: str, hint: str, at: Token | None = None) -> BadInputError:
    if at is not None and at.start_pos is not None:
        message = f"Character {at.start_pos + 1}: {message}"
    return BadInputError("query_invalid", message, hint=hint)
