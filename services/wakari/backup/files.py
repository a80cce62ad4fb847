# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of a server node are part of a backup, and where a restore puts them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from wakari.backup.archive import Archive, Draft
from wakari.backup.errors import not_read, not_written
from wakari.server.settings import ServerSettings

# Mode of a file that is not there yet; one that is there keeps its owner, group and mode.
_NEW = 0o600


def restored(settings: ServerSettings) -> Mapping[str, Path]:
    """Return the part's name and the place of each file that a restore brings back.

    The connection string of MongoDB is not among them: it is that of this host's database, with its passwords.
    """
    tls = settings.prefix.parent / "tls"
    return {
        "secrets/secret-key": settings.prefix / settings.secret_key_file,
        "secrets/initial-admin-password": settings.prefix / "etc/wakari/initial-admin-password",
        **{f"tls/authority/{name}": tls / "authority" / name for name in ("ca.key", "ca.csr", "ca.crt")},
        **{f"tls/{name}": tls / name for name in ("server.key", "server.crt")},
    }


def collect(draft: Draft, settings: ServerSettings) -> None:
    """Add what there is of these files, and the settings, which are kept to be read: the playbook writes them.

    Raises:
        BadInputError: `file_unreadable`.
    """
    config = settings.prefix / "etc" / "wakari"
    shown = {f"settings/{path.name}": path for path in sorted(config.glob("*.json"))}
    for name, path in {**restored(settings), **shown}.items():
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise not_read(path, error) from error
        draft.add(name, [content])


class Placing:
    """Files that are written beside their places, and put there in a step of their own."""

    def __init__(self, archive: Archive, settings: ServerSettings) -> None:
        self._archive = archive
        self._places = {name: path for name, path in restored(settings).items() if name in archive.manifest.parts}

    def stage(self) -> None:
        """Write each file beside its place; raise BadInputError where that cannot be done."""
        for name, path in self._places.items():
            try:
                path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
                self._write(name, path)
            except OSError as error:
                self.drop()
                raise not_written(path, error) from error

    def _write(self, name: str, path: Path) -> None:
        beside = _beside(path)
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _NEW)
        with os.fdopen(descriptor, "wb") as out, self._archive.open(name) as content:
            out.write(content.read())
            if path.exists():
                present = path.stat()
                os.fchown(descriptor, present.st_uid, present.st_gid)
                os.fchmod(descriptor, present.st_mode & 0o7777)
            out.flush()
            os.fsync(descriptor)

    def swap(self) -> list[str]:
        """Put all of them in place; return the paths."""
        for path in self._places.values():
            _beside(path).replace(path)
        return [str(path) for path in self._places.values()]

    def drop(self) -> None:
        """Remove what was staged."""
        for path in self._places.values():
            _beside(path).unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.restored")
