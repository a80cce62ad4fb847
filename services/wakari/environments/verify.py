# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares an environment with its own records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wakari.environments.create import UNFINISHED
from wakari.environments.prefix import read_records, recorded_paths, require_prefix


def verify(prefix: Path) -> list[str]:
    """What is wrong with the environment, a sentence each; empty when it is as installed.

    Files that name the prefix are only looked for: in a clone they rightly differ from the record.

    Raises:
        EnvironmentsError: `prefix` is not an environment, or a record is broken.
    """
    require_prefix(prefix)
    return list(_problems(prefix))


def _problems(prefix: Path) -> Iterator[str]:
    if (prefix / UNFINISHED).exists():
        yield "its creation was interrupted"
    for record in read_records(prefix):
        for entry in recorded_paths(record):
            if problem := _problem(prefix, entry):
                yield f"{record['name']}: {problem}"


def _problem(prefix: Path, entry: dict[str, Any]) -> str:
    path = prefix / entry["_path"]
    if path.is_symlink():
        return "" if path.exists() else f"{entry['_path']} leads nowhere"
    if not path.is_file():
        return f"{entry['_path']} is missing"
    expected = entry.get("sha256_in_prefix") or entry.get("sha256")
    if entry.get("prefix_placeholder") or not expected:
        return ""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except PermissionError:
        return f"{entry['_path']} cannot be read"
    return "" if found == expected else f"{entry['_path']} was changed"
