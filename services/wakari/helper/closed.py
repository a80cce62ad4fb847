# SPDX-License-Identifier: GPL-3.0-or-later
"""Which accounts the platform closed, and the day on which each expired before: a file of root's for each.

Without a file an account that has expired is the site's to open: passwd(1) advises administrators to lock people out
by the very same day.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

# Of shadow(5): the day after which PAM refuses the account to everybody; the first one, as passwd(1) advises.
DAY = "1"
_SHADOW = Path("/etc/shadow")
_EXPIRY_FIELD = 7


class Closed:
    """The records, for whoever holds the lock of the accounts."""

    def __init__(self, state_dir: Path) -> None:
        self._folder = state_dir / "closed-accounts"

    def begin(self, expired: Callable[[], Iterable[str]]) -> None:
        """Make the folder where it is missing; the accounts that are `expired` then count as closed by the platform.

        An older release closed accounts without a record, and nothing tells them from those that the site locked: none
        of its people shall stay locked out. A site that locked accounts before that does so again.
        """
        if self._folder.is_dir():
            return
        temporary = self._folder.with_name(f".{self._folder.name}.new")  # the folder is whole, or it is not there
        temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in expired():
            _write(temporary / name, "")
        temporary.rename(self._folder)

    def day(self, name: str) -> str | None:
        """Return the day on which the account expired before, in the words of shadow(5); None without a record."""
        try:
            return (self._folder / name).read_text(encoding="ascii")
        except FileNotFoundError:
            return None

    def note(self, name: str, day: str) -> None:
        """Keep the day on which the account expired before; on the disk when this returns."""
        temporary = self._folder / f".{name}.new"  # no name of a person begins with a dot
        _write(temporary, day)
        temporary.replace(self._folder / name)

    def forget(self, name: str) -> None:
        """Drop the record; nothing where there is none."""
        (self._folder / name).unlink(missing_ok=True)


def expires(name: str) -> str | None:
    """Return the day on which the account expires, in the words of shadow(5); None where it is not in that file."""
    return next((day for found, day in _days() if found == name), None)


def expired() -> list[str]:
    """Return the accounts that expired on the day on which the platform has those expire that it closes."""
    return [name for name, day in _days() if day == DAY]


def _days() -> Iterator[tuple[str, str]]:
    for line in _SHADOW.read_text(encoding="utf-8").splitlines():
        fields = line.split(":")
        if len(fields) > _EXPIRY_FIELD:
            yield fields[0], fields[_EXPIRY_FIELD]


def _write(path: Path, day: str) -> None:
    with path.open("w", encoding="ascii") as file:
        file.write(day)
        file.flush()
        os.fsync(file.fileno())
