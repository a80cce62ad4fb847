# SPDX-License-Identifier: GPL-3.0-or-later
"""What is found for what is typed, in a real index; and the lines that are shown."""

from __future__ import annotations

import contextlib
import json
import string

import pytest

from tests.integration.search.node import Node
from wakari.core.errors import BadInputError
from wakari.search import find as finding

NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "source": ["# Rainfall\n", "of many years"]},
        {"cell_type": "code", "source": "import pandas as pd\nrain = pd.read_csv('rain.csv')"},
    ]
}


@pytest.fixture
def filled(node: Node) -> Node:
    node.write(
        "alice/demo/load_data.py",
        "import numpy as np\nfrom os.path import join\n\ndef fit(x):\n    return np.linalg.inv(x)\n",
    )
    node.write("alice/demo/notes.md", "The quick brown fox\njumps over Ärger and read.csv files\n")
    node.write("alice/demo/rain.ipynb", json.dumps(NOTEBOOK))
    node.write("alice/demo/sub/fox.txt", "fox fox fox\n<script>alert(1)</script>\n")
    node.look()
    return node


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        ("fox", ["notes.md", "sub/fox.txt"]),
        ("FOX", ["notes.md", "sub/fox.txt"]),
        ('"quick brown"', ["notes.md"]),
        ('"brown quick"', []),
        ("quick fox", ["notes.md"]),
        ("quick OR numpy", ["load_data.py", "notes.md"]),
        ("fox NOT quick", ["sub/fox.txt"]),
        ("NOT fox", ["load_data.py", "rain.ipynb"]),
        ("(quick OR script) fox", ["notes.md", "sub/fox.txt"]),
        ("arger", ["notes.md"]),
        ("ÄRGER", ["notes.md"]),
        ("jum*", ["notes.md"]),
        ("*umps", ["notes.md"]),
        ("j?mps", ["notes.md"]),
        ("*ox", ["notes.md", "sub/fox.txt"]),
        ("pd.read*", ["rain.ipynb"]),
        ("read_csv", ["rain.ipynb"]),
        ("name:fox", ["sub/fox.txt"]),
        ("name:*.py", ["load_data.py"]),
        ("name:load_data", ["load_data.py"]),
        ("name:/^sub/", ["sub/fox.txt"]),
        ("imports:numpy", ["load_data.py"]),
        ("imports:os.path", ["load_data.py"]),
        ("imports:pandas NOT name:*.py", ["rain.ipynb"]),
        ("uses:numpy.linalg.inv", ["load_data.py"]),
        ("uses:linalg", ["load_data.py"]),
        ("uses:pandas.read_csv", ["rain.ipynb"]),
        ("defines:fit", ["load_data.py"]),
        ("defines:fi*", ["load_data.py"]),
        ("defines:/^ra.n/", ["rain.ipynb"]),
        ("imports:fit", []),
        ('imports:"path os"', []),
        (r"/qu.ck\s+brown/", ["notes.md"]),
        ("/^jumps/", ["notes.md"]),
        ("/(?i)QUICK/", ["notes.md"]),
        ("/brown.jumps/", []),
        (r"/<[a-z]+>/", ["sub/fox.txt"]),
        ("fox NOT /script/", ["notes.md"]),
        ("/x{3}/", []),
    ],
)
def test_what_is_found(filled: Node, query: str, paths: list[str]) -> None:
    assert filled.paths(query) == paths


def test_the_file_that_says_it_most_and_in_its_name_comes_first(filled: Node) -> None:
    assert [file.path for file in filled.ask("fox").files] == ["sub/fox.txt", "notes.md"]


def test_lines_cells_and_marks(filled: Node) -> None:
    hit = filled.ask("read_csv").files[0].hits[0]
    assert (hit.cell, hit.line, hit.text) == (2, 2, "rain = pd.read_csv('rain.csv')")
    assert [hit.text[a:b] for a, b in hit.spans] == ["read_csv"]
    hit = filled.ask('"quick brown" /f.x/').files[0].hits[0]
    assert [hit.text[a:b] for a, b in hit.spans] == ["quick brown", "fox"]
    assert filled.ask("uses:numpy.linalg").files[0].hits[0].line == 5


def test_a_long_line_is_shown_around_its_mark(node: Node) -> None:
    node.write("alice/demo/long.txt", "x" * 5000 + " needle " + "y" * 5000)
    node.look()
    hit = node.ask("needle").files[0].hits[0]
    assert len(hit.text) <= 200
    assert [hit.text[a:b] for a, b in hit.spans] == ["needle"]


def test_nothing_that_is_typed_reaches_sqlite_as_syntax(filled: Node) -> None:
    signs = [
        '"',
        "'",
        "*",
        "^",
        "-",
        "+",
        "{",
        "}",
        ":",
        "NEAR",
        "NEAR(a b)",
        "%",
        ";",
        "\0",
        "--",
        "\\",
        "name",
        "text",
        "😀",
    ]
    for sign in [*signs, *string.punctuation]:
        for text in (f"a{sign}b", f'"a {sign} b"', f"name:a{sign}b", f"{sign} fox", f"fo{sign}*", f"/a\\{sign}b/"):
            with contextlib.suppress(BadInputError):  # anything else fails the test
                filled.ask(text)


def test_what_takes_too_long_ends_and_says_so(filled: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    made = finding.Find.__init__

    def hasty(self: finding.Find, *arguments: object) -> None:
        made(self, *arguments, seconds=0.0)  # type: ignore[arg-type]

    monkeypatch.setattr(finding.Find, "__init__", hasty)
    assert "too long" in filled.ask("/f.x/").incomplete
    answer = filled.ask("NOT /f.x/")
    assert (answer.files, "too long" in answer.incomplete) == ((), True)
