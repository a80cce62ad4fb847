# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a file is searched: its text, and of Python code what it imports, uses and defines."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from typing import Any

from wakari.search import code

KINDS = {".py": "python", ".ipynb": "notebook", ".txt": "text", ".md": "markdown"}
MAX_TEXT = 1 << 20  # characters kept of a file
CELL = "\x1e"  # the sign of ASCII that separates records: a line of its own between two cells of a notebook


@dataclass(frozen=True)
class Content:
    """A file as the index takes it. `note`: what could not be read of it; empty where all was."""

    text: str
    imports: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    defines: tuple[str, ...] = ()
    note: str = ""


def kind_of(name: str) -> str | None:
    """Return python, notebook, text or markdown; None for a file that is not searched."""
    dot = name.rfind(".")
    return KINDS.get(name[dot:].lower()) if dot > 0 else None


def extract(kind: str, raw: bytes) -> Content:
    """Return the content of a file of this kind; whatever the bytes are, something comes back."""
    text = raw.decode("utf-8-sig", errors="replace").replace("\x00", " ").replace("\r\n", "\n").replace("\r", "\n")
    if kind == "notebook":
        return _notebook(text)
    text, note = _bounded(text.replace(CELL, " "))
    if kind != "python":
        return Content(text, note=note)
    return _with_code(text, [text], note)


def _notebook(text: str) -> Content:
    try:
        cells = json.loads(text)["cells"]
        found = [(str(cell["cell_type"]), _source(cell)) for cell in cells]
    except (ValueError, KeyError, TypeError, RecursionError):
        return Content("", note="It is not a notebook of format 4.")
    joined, note = _bounded(f"\n{CELL}\n".join(source for _, source in found))
    return _with_code(joined, [source for kind, source in found if kind == "code"], note)


def _source(cell: dict[str, Any]) -> str:
    source = cell["source"]
    whole = "".join(map(str, source)) if isinstance(source, list) else str(source)
    # JSON may hold one half of a pair of surrogates ("\\ud800"), which is no character and cannot be stored.
    return whole.encode(errors="replace").decode().replace(CELL, " ")


def _with_code(text: str, pieces: list[str], note: str) -> Content:
    facts = code.Facts()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of people's code: an invalid escape is theirs to know
        for piece in pieces:
            code.read(piece[:MAX_TEXT], facts)
    return Content(text, tuple(facts.imports), tuple(facts.uses), tuple(facts.defines), note)


def _bounded(text: str) -> tuple[str, str]:
    if len(text) <= MAX_TEXT:
        return text, ""
    return text[:MAX_TEXT], f"Only its first {MAX_TEXT} characters are searched."
