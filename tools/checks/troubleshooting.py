# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/troubleshooting.md speaks of messages that the product has: each of its tables of messages, word for word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

DOCUMENT = Path("docs") / "troubleshooting.md"
SOURCES = ("services/wakari", "roles", "plugins")
KINDS = {".py", ".yml", ".lua", ".html", ".j2"}
HEADS = ("| message |", "| what they see |")
_ROW = re.compile(r"^\| `(.+?)` \| ")
_BETWEEN = re.compile(r"[\"'`\s]+(?:f?[\"'])?")  # quotes and line ends inside a message that stands on several lines


def problems(root: Path) -> Iterator[str]:
    """Yield a sentence for each message of the page that no source file holds."""
    path = root / DOCUMENT
    if not path.is_file():
        return
    everything = "\n".join(_plain(file.read_text(encoding="utf-8")) for file in _sources(root))
    for message in _messages(path.read_text(encoding="utf-8")):
        if _plain(message) not in everything:
            yield f"{DOCUMENT}: correct or remove the message {message!r}, which nothing says"


def _messages(text: str) -> Iterator[str]:
    inside = False
    for line in text.splitlines():
        inside = line.startswith(HEADS) or (inside and line.startswith("|"))
        if inside and (row := _ROW.match(line)):
            yield row[1]


def _sources(root: Path) -> Iterator[Path]:
    for folder in SOURCES:
        yield from sorted(path for path in (root / folder).rglob("*") if path.suffix in KINDS and path.is_file())


def _plain(text: str) -> str:
    """Return a text with quotes and white space folded, as a message looks however its source breaks it."""
    return _BETWEEN.sub(" ", text)
