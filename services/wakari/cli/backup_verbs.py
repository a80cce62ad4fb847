# SPDX-License-Identifier: GPL-3.0-or-later
"""What the verbs backup and restore of wk-server-admin do."""

from __future__ import annotations

import argparse
from pathlib import Path

from wakari import backup
from wakari.backup.manifest import Manifest
from wakari.cli.verbs import ACTOR, Result
from wakari.server.services import Services


def make_backup(services: Services, arguments: argparse.Namespace) -> Result:
    """Write a backup; the security log inside already tells of it."""
    services.store.audit.add("backup.create", ACTOR, Path(arguments.file).name)
    made = backup.make(services.store, services.settings, Path(arguments.file).absolute())
    return {"changed": True, "file": arguments.file, **_facts(made)}


def restore_backup(services: Services, arguments: argparse.Namespace) -> Result:
    """Restore one, and note that in the log that came with it."""
    source = Path(arguments.file).absolute()
    made, written = backup.restore(services.store, services.settings, source, replace=arguments.replace)
    services.store.audit.add("backup.restore", ACTOR, source.name, made_at=made.made_at.isoformat(), host=made.host)
    return {"changed": True, "file": arguments.file, **_facts(made), "written": written}


def _facts(made: Manifest) -> dict[str, object]:
    counted = {name: part.documents for name, part in made.parts.items() if part.documents is not None}
    return {
        "release": made.release,
        "made_at": made.made_at.isoformat(),
        "host": made.host,
        "server_url": made.server_url,
        **{name: counted[f"database/{name}.bson"] for name in ("users", "projects", "data_centers", "nodes", "tokens")},
    }
