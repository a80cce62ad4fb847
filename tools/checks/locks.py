# SPDX-License-Identifier: GPL-3.0-or-later
"""Lock files: every requirement pinned and hashed, no package index named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

PINNED = re.compile(r"^[A-Za-z0-9._-]+(\[[^]]*])?==\S+")


def problems(root: Path) -> Iterator[str]:
    """Yield a sentence for each line that is not `name==version` with a hash after it."""
    for path in sorted((root / "requirements").glob("*.txt")):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(root)
        if "://" in text or "index-url" in text:
            yield f"{name}: names a package index; run `make lock`"
        for requirement in text.replace("\\\n", " ").splitlines():
            if not requirement or requirement.startswith("#"):
                continue
            if not PINNED.match(requirement) or "--hash=sha256:" not in requirement:
                yield f"{name}: {requirement.split()[0]} is not pinned with a hash; run `make lock`"
