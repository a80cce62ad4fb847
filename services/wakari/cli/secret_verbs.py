# SPDX-License-Identifier: GPL-3.0-or-later
"""What the verb rotate-secret-key of wk-server-admin does."""

from __future__ import annotations

import argparse
import os
import secrets
from pathlib import Path

from wakari.cli.verbs import ACTOR, Result
from wakari.core.errors import BadInputError
from wakari.core.settings import SettingsError
from wakari.server.services import Services
from wakari.store.base import Transaction
from wakari.store.sealed import Sealer

SECRET_BYTES = 48  # as the role makes it


def rotate_secret_key(services: Services, _: argparse.Namespace) -> Result:
    """Make the key anew and seal every gateway's secret with it.

    The new key is on the disk before anything is sealed with it, and takes its place afterwards: a run that was cut off
    anywhere is finished by the next one.

    Raises:
        BadInputError: the file cannot be written.
        SettingsError: a secret opens with neither key.
    """
    path = services.settings.prefix / services.settings.secret_key_file
    beside = path.with_name(f"{path.name}.next")
    try:
        key = _next_key(beside, path)
        fresh = Sealer(key)

        def seal(tx: Transaction) -> int:
            # Sealed with either: a run before this one may have come as far as here.
            centers = services.store.data_centers.all()
            found = [(center.id, _opened(services, fresh, center.sealed_secret)) for center in centers]
            for data_center_id, secret in found:
                services.store.data_centers.reseal(data_center_id, fresh.seal(secret), tx)
            return len(found)

        count = services.store.transaction(seal)
        beside.replace(path)
    except OSError as error:
        raise BadInputError(
            "secret_key_unwritable",
            f"{beside}: cannot be written ({error.strerror}).",
            hint="Run the command as root.",
        ) from error
    services.store.audit.add("secret-key.rotate", ACTOR, data_centers=count)
    return {"changed": True, "sealed": count, "file": str(path)}


def _opened(services: Services, fresh: Sealer, sealed: str) -> str:
    try:
        return fresh.open(sealed)
    except SettingsError:
        return services.sites.sealer.open(sealed)


def _next_key(beside: Path, path: Path) -> str:
    """Return the key of the file beside, which is made with owner, group and mode of the present one."""
    if beside.exists() and (text := beside.read_text(encoding="ascii").strip()):
        return text
    beside.unlink(missing_ok=True)
    key, present = secrets.token_urlsafe(SECRET_BYTES), path.stat()
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        os.fchown(descriptor, present.st_uid, present.st_gid)
        os.fchmod(descriptor, present.st_mode & 0o777)
        file.write(key + "\n")
        file.flush()
        os.fsync(descriptor)
    return key
