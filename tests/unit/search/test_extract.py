# SPDX-License-Identifier: GPL-3.0-or-later
"""What a file says: whatever its bytes are, something comes back."""

from __future__ import annotations

import json

import pytest

from wakari.search.extract import CELL, MAX_TEXT, extract, kind_of

CODE = """
import numpy as np, os.path
from pandas import read_csv as rc
from . import near

@np.vectorize
def load(path: str) -> None:
    frame = rc(path)
    return np.linalg.inv(frame).T

class Model: ...
LIMIT: int = 3
"""


def notebook(*cells: tuple[str, object]) -> bytes:
    return json.dumps(
        {"nbformat": 4, "cells": [{"cell_type": kind, "source": source} for kind, source in cells]}
    ).encode()


def test_what_code_imports_uses_and_defines() -> None:
    found = extract("python", CODE.encode())
    assert {"numpy", "os.path", "pandas", "pandas.read_csv", "."} <= set(found.imports)
    assert {"numpy.vectorize", "pandas.read_csv", "numpy.linalg.inv", "frame"} <= set(found.uses)
    assert set(found.defines) == {"load", "frame", "Model", "LIMIT"}


def test_broken_code_still_tells_its_lines() -> None:
    found = extract("python", b"import foo, bar\nfrom a.b import c\ndef f(:\nclass G\n")
    assert found.imports == ("foo", "bar", "a.b")
    assert found.defines == ("f", "G")


def test_cells_of_a_notebook() -> None:
    raw = notebook(
        ("markdown", ["# Title\n", "import nothing"]),
        ("code", "%matplotlib inline\n!ls\nimport pandas as pd\npd.read_csv?"),
        ("code", ["%%bash\n", "import not_python"]),
        ("code", "%%time\nx = pd.concat([])"),
        ("code", "broken ("),
    )
    found = extract("notebook", raw)
    assert found.imports == ("pandas",)
    assert "pandas.concat" in found.uses  # the alias of an earlier cell
    assert found.text.count(f"\n{CELL}\n") == 4
    assert "outputs" not in found.text


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b'{"cells": 3}', b'{"cells": [{"source": "x"}]}', b"[" * 100_000, b"\xff\xfe\x00", b"null"],
)
def test_what_is_no_notebook_is_said(raw: bytes) -> None:
    assert extract("notebook", raw).note == "It is not a notebook of format 4."


def test_half_a_character_of_a_notebook_is_replaced() -> None:
    found = extract("notebook", notebook(("markdown", ["a\ud800b"]), ("code", "caf\u00e9 = '\udfff'\nimport x")))
    assert found.text.encode().decode().split(f"\n{CELL}\n") == ["a?b", "caf\u00e9 = '?'\nimport x"]
    assert found.imports == ("x",)


@pytest.mark.parametrize(
    "raw", [b"\xff\xfe\x00\x01", b"(" * 50_000, b"x = " + b"-" * 50_000 + b"1", b"\xef\xbb\xbfimport os"]
)
def test_any_bytes_are_code_that_can_be_read(raw: bytes) -> None:
    assert "\x00" not in extract("python", raw).text


def test_a_long_text_is_cut_and_says_so() -> None:
    found = extract("text", b"x" * (MAX_TEXT + 1))
    assert len(found.text) == MAX_TEXT
    assert "first" in found.note


def test_kinds() -> None:
    assert [kind_of(name) for name in ("a.py", "A.MD", "x.ipynb", "t.txt")] == [
        "python",
        "markdown",
        "notebook",
        "text",
    ]
    assert [kind_of(name) for name in ("py", ".py", "a.pyc", "a", "a.py.gz")] == [None] * 5
