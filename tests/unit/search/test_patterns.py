# SPDX-License-Identifier: GPL-3.0-or-later
"""What must occur in whatever a pattern matches. A run too many would lose files, one too few costs time alone."""

from __future__ import annotations

import time

import pytest

from wakari.search import patterns


@pytest.mark.parametrize(
    ("source", "runs"),
    [
        ("read_csv", ("read_csv",)),
        ("(?i)read", ("read",)),
        ("(?i)(read)", ()),
        ("read(_csv)?done", ("read", "done")),
        ("read_csvs?", ("read_csv",)),
        ("read_csvs*x", ("read_csv",)),
        ("read{2}done", ("rea", "done")),
        ("read{0,3}", ("rea",)),
        ("one|two", ()),
        (r"a\.read\(", ("a.read(",)),
        (r"read\d+done", ("read", "done")),
        (r"read\x41done", ("read",)),
        (r"read\pLdone", ("read",)),
        (r"read\p{Greek}done", ("read", "done")),
        ("read[abc]done", ("read", "done")),
        ("read[^]abc]done", ("read", "done")),
        ("read[[:alpha:]x]done", ("read", "done")),
        (r"read[\]abc]done", ("read", "done")),
        ("ab", ()),
        (r"\Qa|b\E", ()),
        ("^def test_$", ("def test_",)),
        ("abc.+def", ("abc", "def")),
        ("abc+", ("abc",)),
    ],
)
def test_what_must_occur(source: str, runs: tuple[str, ...]) -> None:
    patterns.compiled(source)
    assert patterns.literals(source) == runs


def test_every_run_occurs_in_what_matches() -> None:
    for source, text in ((r"a{3}bcd", "aaabcd"), (r"x*yz\w+end", "yzabend"), (r"foo\s+bar[0-9]?baz", "foo  barbaz")):
        assert patterns.compiled(source).search(text)
        assert all(run in text for run in patterns.literals(source))


def test_a_pattern_that_backtracks_elsewhere_takes_no_time() -> None:
    begun = time.monotonic()
    assert patterns.compiled(r"(a+)+$").search("a" * 50_000 + "b") is None
    assert time.monotonic() - begun < 1


def test_a_pattern_too_large_is_refused() -> None:
    with pytest.raises(ValueError, match="pattern too large"):
        patterns.compiled(r"\pL{900}" * 3)
