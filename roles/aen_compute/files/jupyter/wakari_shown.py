# SPDX-License-Identifier: GPL-3.0-or-later
"""Show directory: folders outside the project that a person added to the tree, under names of their own at its top.

The names begin with `@`, as in `@data` for `/srv/data`. The list is the person's, kept in `.jupyter_<user>`; what may
be done in such a folder the operating system decides, for the server runs as the person.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

MARK = "@"
_FILE = "shown-directories.json"


class ShownError(Exception):
    """Why a directory cannot be shown; the text is for the person."""


class ShownDirectories:
    """The directories a person added, by their names in the tree."""

    def __init__(self, folder: Path, project: Path) -> None:
        self._file = folder / _FILE
        self._project = project
        self._seen: tuple[int, int] | None = None
        self._names: dict[str, str] = {}

    def all(self) -> dict[str, str]:
        """Return absolute paths by name, as the file says now: another app of the same person may have changed it."""
        try:
            status = self._file.stat()
        except OSError:
            return {}
        if self._seen != (status.st_mtime_ns, status.st_ino):
            self._names = _read(self._file)
            self._seen = (status.st_mtime_ns, status.st_ino)
        return self._names

    def split(self, path: str) -> tuple[str, str] | None:
        """Return directory and rest of an API path that leads into a shown directory; None for one of the project."""
        head, _, rest = path.strip("/").partition("/")
        if not head.startswith(MARK):
            return None
        directory = self.all().get(head)
        return None if directory is None else (directory, rest)

    def add(self, directory: str) -> str:
        """Show a directory; return its name, also where it is shown already.

        Raises:
            ShownError: with the reason, where it is no directory that the person can read.
        """
        directory = directory.strip()
        if not directory.startswith("/") or not directory.isprintable():
            raise ShownError("Give the directory's full path; it begins with /.")
        directory = os.path.normpath(directory).replace("//", "/")
        if not is_directory(directory):
            raise ShownError(f"{directory} is no directory on this node, or you may not see it.")
        if not os.access(directory, os.R_OK | os.X_OK):
            raise ShownError(f"You may not read {directory}.")
        if Path(os.path.realpath(directory)).is_relative_to(os.path.realpath(self._project)):
            raise ShownError(f"{directory} is in the project, so it is in the tree already.")
        names = dict(self.all())
        for name, shown in names.items():
            if shown == directory:
                return name
        name = self._free_name(directory, names)
        self._write(names | {name: directory})
        return name

    def remove(self, name: str) -> None:
        """Take a directory out of the tree; nothing in it is touched. ShownError where no such name is shown."""
        names = dict(self.all())
        if names.pop(name, None) is None:
            raise ShownError(f"{name} is no directory that was added to the tree.")
        self._write(names)

    def _free_name(self, directory: str, names: dict[str, str]) -> str:
        first = name = MARK + (Path(directory).name or "root")
        number = 1
        while name in names or os.path.lexists(self._project / name):
            number += 1
            name = f"{first}-{number}"
        return name

    def _write(self, names: dict[str, str]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        aside = self._file.with_name(f".{_FILE}.{secrets.token_hex(8)}")
        try:
            aside.write_text(json.dumps(names, indent=1) + "\n", encoding="utf-8")
            aside.replace(self._file)
        finally:
            aside.unlink(missing_ok=True)


def is_directory(path: str) -> bool:
    """Return whether it is a directory that can be seen; False where the way to it is closed."""
    try:
        return Path(path).is_dir()
    except OSError:
        return False


def _read(file: Path) -> dict[str, str]:
    """Return what can be used of the file: it is in the project, and anybody of the team can write it."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(content, dict):
        return {}
    return {
        name: path
        for name, path in content.items()
        if name.startswith(MARK) and "/" not in name and isinstance(path, str) and os.path.normpath(path) == path
        if path.startswith("/")
    }
