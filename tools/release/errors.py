# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong while a release is made."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class ReleaseError(Exception):
    """The artifact or the bundle cannot be made; the message says what to do."""


def run(command: Sequence[str | Path], folder: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
    """Return the standard output of a command; raise ReleaseError with its last words where it fails."""
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-10:]
        raise ReleaseError(f"{command[0]} failed:\n" + "\n".join(said))
    return done.stdout
