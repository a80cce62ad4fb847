# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a backup cannot be made or used."""

from __future__ import annotations

from pathlib import Path

from wakari.core.errors import AppError, BadInputError


def unusable(file: Path, reason: str, hint: str) -> AppError:
    """Return the refusal of an archive."""
    return BadInputError("backup_unusable", f"{file}: {reason}", hint=hint)


def damaged(file: Path, reason: str) -> AppError:
    """Return the refusal of an archive that is not as it was written."""
    return unusable(file, f"this backup is damaged: {reason}.", "Take another copy of it, or an earlier backup.")


def not_written(file: Path, error: OSError) -> AppError:
    """Return the refusal to write a file."""
    return BadInputError(
        "output_unusable",
        f"{file}: cannot be written ({error.strerror}).",
        hint="Name a file that is not there yet, in a folder with room, and run the command as root.",
    )


def not_read(file: Path, error: OSError) -> AppError:
    """Return the refusal to read a file that a backup needs."""
    return BadInputError(
        "file_unreadable", f"{file}: cannot be read ({error.strerror}).", hint="Run the command as root."
    )
