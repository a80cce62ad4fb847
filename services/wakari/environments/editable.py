# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds what an environment takes from outside of itself: packages installed for editing, and paths that were added."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit


def taken_from_outside(prefix: Path) -> list[str]:
    """Sentences that name each folder outside of `prefix` that its Python packages come from; empty where none does.

    A clone leads to the same folders as its source. What cannot be read is passed over.
    """
    found: dict[Path, str] = {}
    for site in sorted(prefix.glob("lib/python3*/site-packages")):
        for file in sorted(site.glob("*.dist-info/direct_url.json")):
            for folder in _editable(file):
                found.setdefault(folder, file.parent.name.split("-")[0])
        for pattern in ("*.pth", "*.egg-link"):
            for file in sorted(site.glob(pattern)):
                for folder in _lines(file):
                    found.setdefault(folder, file.name)
    return [f"{name} is taken from {folder}" for folder, name in found.items() if not folder.is_relative_to(prefix)]


def _editable(file: Path) -> Iterator[Path]:
    """The folder of a package installed by `pip install -e` (PEP 610)."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        url = urlsplit(content["url"])
        if content["dir_info"]["editable"] and url.scheme == "file":
            yield Path(unquote(url.path))
    except (OSError, ValueError, LookupError, TypeError):
        return


def _lines(file: Path) -> Iterator[Path]:
    """The absolute paths among the lines of a .pth file (docs.python.org, module site)."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    yield from (Path(line.strip()) for line in lines if line.startswith("/"))
