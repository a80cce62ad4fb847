# SPDX-License-Identifier: GPL-3.0-or-later
"""An API token of one's own, known by its label."""

from __future__ import annotations

import calendar
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ._client import Client, Json, segment
from ._entity import CannotError
from ._run import check_destination, write_secret


def ensure_token(client: Client, wanted: Mapping[str, Any]) -> Json:
    """Return what a module answers after it made, kept, renewed or revoked the token."""
    same = [
        token
        for token in client.items("/tokens")
        if token["name"] == wanted["name"] and token["id"] != client.own_token
    ]
    if wanted["state"] == "absent":
        return _answer(client, same, None, revoke=same)
    kept = same[0] if same and _lasts(same[0], wanted) and Path(wanted["secret_dest"]).is_file() else None
    if kept is not None:
        return _answer(client, same, kept, revoke=same[1:])
    if not (wanted["username"] and wanted["password"]):
        raise CannotError("A new token is given for a password alone. Set username and password.")
    check_destination(wanted["secret_dest"])
    if client.read_only:
        return _answer(client, same, {"name": wanted["name"]}, revoke=same)
    body = {name: wanted[name] for name in ("username", "password", "name", "expires_in")}
    made = client.write("POST", "/tokens", body)
    # The new one is kept before the old ones go: a run that ends in between leaves a token that works.
    write_secret(wanted["secret_dest"], made["token"])
    new = next(token for token in client.items("/tokens") if token["id"] == made["id"])
    return _answer(client, same, new, revoke=same)


def _answer(client: Client, before: list[Json], after: Json | None, *, revoke: list[Json]) -> Json:
    if not client.read_only:
        for token in revoke:
            client.write("DELETE", f"/tokens/{segment(token['id'])}")
    is_new = after is not None and after not in before
    return {
        "changed": bool(revoke) or is_new,
        "token": after,
        "diff": {
            "before": {"tokens": [_shown(token) for token in before]},
            "after": {"tokens": [_shown(after)] if after else []},
        },
    }


def _shown(token: Json) -> Json:
    return {name: token.get(name, "(new)") for name in ("id", "name", "expires_at")}


def _lasts(token: Json, wanted: Mapping[str, Any]) -> bool:
    """Return whether the token lives longer than `renew_before` seconds from now."""
    # RFC 3339 in UTC, to the second; datetime.fromisoformat reads the "Z" only from Python 3.11 on.
    end = calendar.timegm(time.strptime(token["expires_at"][:19], "%Y-%m-%dT%H:%M:%S"))
    return bool(end - time.time() > wanted["renew_before"])
