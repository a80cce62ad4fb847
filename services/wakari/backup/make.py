# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a backup, while the platform runs."""

from __future__ import annotations

from pathlib import Path

from wakari.backup import archive, files
from wakari.backup.manifest import Manifest
from wakari.server.settings import ServerSettings
from wakari.store import Store


def make(store: Store, settings: ServerSettings, target: Path) -> Manifest:
    """Write a backup of this server node to a new file, readable by its owner alone; return what it says of itself.

    Raises:
        BadInputError: the file cannot be written, or one that a backup needs cannot be read.
        StoreUnavailable: MongoDB cannot be reached.
    """
    with archive.draft(target) as draft:
        files.collect(draft, settings)
        for name, documents in store.dump.collections():
            draft.add(f"database/{name}.bson", documents, counted=True)
        return draft.write(target, settings.url)
