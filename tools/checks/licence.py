# SPDX-License-Identifier: GPL-3.0-or-later
"""Every source file names its licence in its first lines; vendored files keep their own beside them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tools.checks._tracked import tracked

LINE = "SPDX-License-Identifier: GPL-3.0-or-later"
SOURCES = {".py", ".sh", ".lua", ".yml", ".yaml", ".toml", ".j2", ".html", ".css", ".js"}
FIRST_LINES = 5
# Written by antsibull-changelog, which keeps no comment.
GENERATED = {Path("changelogs/changelog.yaml")}


def problems(root: Path) -> Iterator[str]:
    """Yield a sentence for each source file without its line, and each vendored folder without a licence."""
    for path in tracked(root):
        name = path.relative_to(root)
        if "vendor" in name.parts:
            folder = root.joinpath(*name.parts[: name.parts.index("vendor") + 2])
            if folder.is_dir() and not any(folder.glob("LICENSE*")):
                yield f"{name}: no LICENSE file in {folder.relative_to(root)}"
        elif name in GENERATED:
            continue
        elif path.suffix in SOURCES and path.stat().st_size and LINE not in _head(path):
            yield f"{name}: add a comment '{LINE}' at the top"


def _head(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return "".join(line for _, line in zip(range(FIRST_LINES), file, strict=False))
