# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages that people read, and the fenced blocks in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(
    r"^(?:<!-- run by (?P<runner>\S+?)(?:, status (?P<status>\d+))? -->\n)?```(?P<tag>\S*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_FILE = re.compile(r"# (\S+\.yml)\n")
# Tags of blocks with commands: lines to type, or lines behind `$ ` with what they print.
COMMANDS = frozenset({"sh", "console"})


@dataclass(frozen=True)
class Block:
    """A fenced block: its line, the tag behind its fence, its text, and from the comment above which file runs it.

    `runner` is "" where no comment says so; `status` is the exit status that its last command has.
    """

    line: int
    tag: str
    text: str
    runner: str = ""
    status: int = 0

    @property
    def file(self) -> str:
        """The name of the file that the block is: its first line says `# NAME.yml`. "" where it says none."""
        found = _FILE.match(self.text)
        return found[1] if found else ""

    def commands(self) -> Iterator[list[str]]:
        """Yield the words of each command line, without comments; in `console` of those behind `$ `."""
        lines = self.text.replace("\\\n", " ").splitlines()
        if self.tag == "console":
            lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        yield from filter(None, (shlex.split(line, comments=True) for line in lines))


def pages(root: Path) -> Iterator[Path]:
    """Yield every page of the documentation."""
    yield from sorted(root.glob("*.md"))
    yield from sorted((root / "docs").rglob("*.md"))
    yield from sorted((root / "roles").glob("*/README.md"))


def blocks(text: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page."""
    for found in _FENCE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield Block(line, found["tag"], found["text"], found["runner"] or "", int(found["status"] or 0))


def run_by(runner: str, root: Path) -> dict[str, list[Block]]:
    """Return the blocks that the file `runner` is to run, by their pages' paths below `root`; no page without any."""
    found = {
        str(page.relative_to(root)): [one for one in blocks(page.read_text(encoding="utf-8")) if one.runner == runner]
        for page in pages(root)
    }
    return {page: listed for page, listed in found.items() if listed}


def without_blocks(text: str) -> str:
    """Return a page's text without its fenced blocks."""
    return _FENCE.sub("", text)
