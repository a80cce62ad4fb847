# SPDX-License-Identifier: GPL-3.0-or-later
"""The files git tracks."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path


def tracked(root: Path) -> Iterator[Path]:
    """Yield each tracked file that exists, absolute. Raises CalledProcessError outside a checkout."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True)
    for name in listing.stdout.decode().split("\0"):
        path = root / name
        if name and path.is_file() and not path.is_symlink():
            yield path
