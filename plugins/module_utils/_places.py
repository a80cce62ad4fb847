# SPDX-License-Identifier: GPL-3.0-or-later
"""A data center, whose secret is told once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._client import Client, Json
from ._entity import CannotError, ensure
from ._kinds_places import DataCenters
from ._run import check_destination, told, write_secret


def ensure_data_center(client: Client, wanted: Mapping[str, Any]) -> Json:
    """Return what a module answers after it brought the data center in line; the secret of a new one is in its file."""
    kind = DataCenters()
    present = wanted["state"] == "present"
    found = kind.find(client, wanted)
    if present and found is None:
        if not wanted["secret_dest"]:
            raise CannotError(
                f"There is no data center {wanted['name']}. Name in secret_dest the file for the secret of a new one."
            )
        check_destination(wanted["secret_dest"])
    change = ensure(client, kind, wanted, present=present, found=found)
    if change.secret:
        write_secret(wanted["secret_dest"], change.secret)
    item = {name: value for name, value in (change.item or {}).items() if name != "client_secret"}
    return {**told(change), "data_center": item or None}
