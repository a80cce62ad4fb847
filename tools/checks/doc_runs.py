# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fenced block of the documentation is run by a test, or is tagged `text`: a picture, or output alone.

A comment on the line above a block names the file that runs it: `<!-- run by tests/functional/test_docs.py -->`. Two
files take their blocks from the pages. Any other, or a folder, has the commands itself, and this check looks for them
there: the playbook and the names of its variables, the target of make, or the program or module with verb and options.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tools.checks._documents import COMMANDS, Block, blocks, pages
from tools.checks.doc_commands import called

HERE = "tests/integration/docs/test_docs_here.py"
PLATFORM = "tests/functional/test_docs.py"
OUTPUT = "text"
_VARIABLE = re.compile(r"([a-z_]+)=")


def problems(root: Path) -> Iterator[str]:
    """Yield a sentence for each block that nothing runs."""
    for page in pages(root):
        for block in blocks(page.read_text(encoding="utf-8")):
            yield from (f"{page.relative_to(root)}:{block.line}: {problem}" for problem in _block(block, root))


def _block(block: Block, root: Path) -> Iterator[str]:
    if block.tag == OUTPUT:
        if block.runner:
            yield "nothing runs a block tagged text: take the comment away, or give it another tag"
    elif not block.runner:
        yield f"say above it what runs it (<!-- run by {HERE} -->), or tag it text where it is output alone"
    elif not (root / block.runner).exists():
        yield f"there is no {block.runner}"
    elif block.runner not in {HERE, PLATFORM}:
        if block.tag not in COMMANDS:
            yield f"{block.runner} takes no blocks from pages: {HERE} and {PLATFORM} do"
        held = _text(root / block.runner)
        for words in block.commands():
            yield from (
                f"{block.runner} does not run {word!r} of it" for word in essence(words) if not _has(held, word)
            )


def _text(path: Path) -> str:
    """Return the text of a file, or of all files of a folder."""
    files = (
        sorted(file for file in path.rglob("*") if file.suffix in {".py", ".sh", ".yml"}) if path.is_dir() else [path]
    )
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def _has(text: str, word: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


def essence(words: list[str]) -> Iterator[str]:
    """Yield what of a command whoever runs it must say, with whatever values."""
    program, *rest = called(words)
    options = [word for word in rest if word.startswith("--")]
    if program == "ansible-playbook":
        yield rest[0].removeprefix("wakari.aen.").removeprefix("playbooks/").removesuffix(".yml")
        yield from (found[1] for word in rest if (found := _VARIABLE.match(word)))
    elif program == "make":
        yield f"make {rest[0]}"
    elif rest[:1] == ["-m"]:
        yield from (*rest[1:3], *options)
    else:
        yield from (program, *options)
