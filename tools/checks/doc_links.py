# SPDX-License-Identifier: GPL-3.0-or-later
"""The links between pages lead to files and headings that are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tools.checks._documents import pages, without_blocks

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_ELSEWHERE = re.compile(r"^[a-z]+:")


def problems(root: Path) -> Iterator[str]:
    """Yield a sentence for each link that leads nowhere."""
    for page in pages(root):
        for link in _LINK.findall(without_blocks(page.read_text(encoding="utf-8"))):
            if _ELSEWHERE.match(link):
                continue
            file, _, anchor = link.partition("#")
            target = page.parent / file if file else page
            if not target.exists():
                yield f"{page.relative_to(root)}: {link} leads to no file"
            elif anchor and target.suffix == ".md" and anchor not in set(_anchors(target)):
                yield f"{page.relative_to(root)}: {link} leads to no heading"


def _anchors(page: Path) -> Iterator[str]:
    """Yield the anchors of a page's headings: lower case, without punctuation, spaces as hyphens."""
    for heading in _HEADING.findall(without_blocks(page.read_text(encoding="utf-8"))):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
