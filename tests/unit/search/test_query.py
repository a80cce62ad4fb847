# SPDX-License-Identifier: GPL-3.0-or-later
"""What people type: a tree, or a sentence that says where it goes wrong."""

from __future__ import annotations

import contextlib
import string

import pytest

from wakari.core.errors import BadInputError
from wakari.search.query import Acl, And, Node, Not, Or, Pattern, Words, leaves, parse


def words(*found: str, prefix: bool = False, field: str = "any") -> Words:
    return Words(found, prefix, field)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("hello", words("hello")),
        ("Hello World", And((words("hello"), words("world")))),
        ("a AND b OR c", Or((And((words("a"), words("b"))), words("c")))),
        ("a (b OR c)", And((words("a"), Or((words("b"), words("c")))))),
        ("a NOT b", And((words("a"), Not(words("b"))))),
        ("NOT (a OR b)", Not(Or((words("a"), words("b"))))),
        ('"a b" c', And((words("a", "b"), words("c")))),
        ("pd.read_csv", words("pd", "read_csv")),
        ("read*", words("read", prefix=True)),
        ("pd.read*", words("pd", "read", prefix=True)),
        ("imports:numpy.linalg", words("numpy", "linalg", field="imports")),
        ('name:"my file"', words("my", "file", field="name")),
        ("acl:alice", Acl("alice")),
        ("ORDER ANDY NOTE", And((words("order"), words("andy"), words("note")))),
        ("and or not", And((words("and"), words("or"), words("not")))),
        (r"/a\/b+/", Pattern("a/b+", ("a/b",))),
        ("/foo bar/", Pattern("foo bar", ("foo bar",))),
        ("defines:/^test_/", Pattern("^test_", ("test_",), "defines")),
        ("über", words("über")),
    ],
)
def test_a_query_is_read(text: str, tree: Node) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing to search for"),
        ("   ", "nothing to search for"),
        ("(a", "missing at the end"),
        ("a OR", "missing at the end"),
        ("NOT", "missing at the end"),
        ("imports:", "missing at the end"),
        ("a )", ") at character 3"),
        ("OR a", "OR at character 1"),
        ("a AND OR b", "OR at character 7"),
        ('a "b', '" at character 3'),
        ("a /b", "/ at character 3"),
        ("a /(b/", "Character 3: The pattern /(b/ cannot be used: missing )"),
        (r"/(a)\1/", "cannot be used"),
        ("/(?=a)/", "cannot be used"),
        ("a import:numpy", "Character 3: There is no field import:"),
        ("acl:/x/", "takes the name of a person"),
        ("x ...", "Character 3: There is no letter"),
        ("x *a?*", ""),
        ("x ??", "no letter and no digit beside the wildcard"),
        ("a" * 1001, "longer than 1000"),
        (" ".join("ab" for _ in range(41)), "more than 40 parts"),
        ("(" * 400 + "a" + ")" * 400, ""),
    ],
)
def test_a_slip_is_told_with_its_place(text: str, said: str) -> None:
    if not said:
        parse(text)  # deep, and still read
        return
    with pytest.raises(BadInputError) as caught:
        parse(text)
    assert said in caught.value.message
    assert caught.value.hint


def test_whatever_is_typed_is_read_or_refused() -> None:
    signs = [*string.printable, "é", "\0", "AND", "OR", "NOT", "name:", "/", '"', "(", ")"]
    for first in signs:
        for second in signs:
            for text in (f"{first}{second}", f"a {first} {second}", f"{first}a{second}"):
                with contextlib.suppress(BadInputError):  # anything else fails the test
                    parse(text)


def test_leaves_know_whether_they_are_wanted() -> None:
    tree = parse("a NOT (b NOT c)")
    assert list(leaves(tree, wanted=True)) == [words("a"), words("c")]
    assert list(leaves(tree, wanted=False)) == [words("b")]
