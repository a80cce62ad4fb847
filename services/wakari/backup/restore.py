# SPDX-License-Identifier: GPL-3.0-or-later
"""Restore a backup. Whatever can be refused is refused before anything is changed."""

from __future__ import annotations

import socket
from pathlib import Path

from wakari.backup import archive, files
from wakari.backup.archive import Archive
from wakari.backup.errors import damaged, unusable
from wakari.backup.manifest import Manifest
from wakari.core.errors import AppError
from wakari.core.settings import SettingsError
from wakari.server.settings import ServerSettings
from wakari.store import Store
from wakari.store.dump import COLLECTIONS, documents_of, sealed_secrets
from wakari.store.sealed import Sealer

# Every release had these; a collection that came later is empty in what an earlier release backed up.
NEEDED = ("audit", "counters", "data_centers", "nodes", "projects", "tasks", "tokens", "users")


def restore(store: Store, settings: ServerSettings, source: Path, *, replace: bool) -> tuple[Manifest, list[str]]:
    """Put database and secrets of the backup in place; return its manifest and the files that were written.

    Raises:
        AppError: `server_runs`, `database_in_use` (without `replace`), `backup_unusable`, `output_unusable`.
        StoreUnavailable: MongoDB cannot be reached. Like the others before anything was changed.
    """
    _refuse_while_running(settings.socket)
    used = store.dump.in_use()
    if used and not replace:
        raise AppError(
            "database_in_use",
            f"This platform is in use: its database has {used}.",
            hint="Restore on a new installation, or add --replace: what is there now is lost then.",
            status=409,
        )
    with archive.opened(source) as backup:
        _check(source, backup)
        placing = files.Placing(backup, settings)
        placing.stage()
        try:
            _stage(store, source, backup)
            store.dump.swap(COLLECTIONS)
        except BaseException:
            placing.drop()
            store.dump.unstage()
            raise
        written = placing.swap()
        store.init()
        return backup.manifest, written


def _refuse_while_running(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return
    raise AppError(
        "server_runs",
        "wk-server runs, and would go on with what it knows.",
        hint="Stop the services first: service wakari-server stop.",
        status=409,
    )


def _check(source: Path, backup: Archive) -> None:
    """Raise BadInputError where a part is missing or unknown, or the gateways' secrets and the key do not fit."""
    parts = set(backup.manifest.parts)
    if missing := sorted({"secrets/secret-key", *map(_member, NEEDED)} - parts):
        raise damaged(source, f"it lacks {missing[0]}")
    if unknown := sorted(set(backup.names("database")) - set(map(_member, COLLECTIONS))):
        raise unusable(
            source,
            f"this release does not know {unknown[0]}.",
            f"Install release {backup.manifest.release} or a later one, then restore.",
        )
    with backup.open("secrets/secret-key") as file:
        sealer = Sealer(file.read().decode("utf-8", "replace").strip())
    with backup.open("database/data_centers.bson") as stream:
        try:
            for name, sealed in sealed_secrets(documents_of(stream)).items():
                place = name
                sealer.open(sealed)
        except SettingsError:
            raise damaged(source, f"its secret key does not open the secret of the data center {place}") from None


def _member(name: str) -> str:
    return f"database/{name}.bson"


def _stage(store: Store, source: Path, backup: Archive) -> None:
    for name in COLLECTIONS:
        member = _member(name)
        if member not in backup.manifest.parts:  # a former release had no such collection
            store.dump.stage(name, [])
            continue
        with backup.open(member) as stream:
            try:
                count = store.dump.stage(name, documents_of(stream))
            except ValueError as error:
                raise damaged(source, f"{member}: {error}") from error
        if count != backup.manifest.parts[member].documents:
            raise damaged(source, f"{member} has {count} documents, not {backup.manifest.parts[member].documents}")
