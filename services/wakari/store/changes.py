# SPDX-License-Identifier: GPL-3.0-or-later
"""What changed who may do what, in the order it was written: a change stream of MongoDB, read in pieces.

No writer takes part: whatever changes an authorization, a token, an account or a project is seen, a TTL index and an
administrator's command included. A position is a resume token (MongoDB manual, "Change Streams").
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pymongo.change_stream import ChangeStream
from pymongo.database import Database
from pymongo.errors import OperationFailure

from wakari.store.base import Document
from wakari.store.errors import AUTHENTICATION_CODES, translated

POSITION = re.compile(r"[0-9A-F]{2,600}", re.ASCII)
UNKNOWN = "unknown"
MAX_CHANGES = 500  # of one answer; what is left comes with the next one
# Fields whose change lets nobody in or out. Whatever a later version adds counts, until it is named here.
INDIFFERENT: Mapping[str, frozenset[str]] = {
    "users": frozenset(
        {"last_sign_in", "full_name", "email", "password_hash", "ssh_keys", "ssh_keys_revision"}
    ),  # a new password ends the sessions
    "projects": frozenset(
        {"limits", "progress", "stars", "started_once", "summary", "tags", "task", "updated_at", "words"}
    ),
}
_WATCHED: list[dict[str, Any]] = [
    {
        "$match": {
            "$or": [
                {"ns.coll": "authorizations", "operationType": "delete"},
                # Revoked: Tokens.revoke lets it end at once. One that ran out was over by itself.
                {
                    "ns.coll": "tokens",
                    "operationType": "update",
                    "updateDescription.updatedFields.expires_at": {"$exists": True},
                },
                {"ns.coll": {"$in": ["users", "projects"]}, "operationType": {"$in": ["update", "replace"]}},
            ]
        }
    }
]


@dataclass(frozen=True)
class Changes:
    """What changed up to `position`. With `lost`, nobody knows what happened before it."""

    position: str
    changes: tuple[dict[str, str], ...] = ()
    lost: bool = False


class ChangeFeed:
    """Reads the changes of one database."""

    def __init__(self, database: Database[Document]) -> None:
        self._database = database

    def since(self, position: str | None, data_center: str, wait: float) -> Changes:
        """Return what changed after a position: at once where something did, else after `wait` seconds.

        A change is `{"sid"}`, `{"token": <its SHA-256>}`, `{"user"}` or `{"project": "owner/name"}`, of projects those
        of the data center. Without a position the present one is returned. `lost` where the position is none of ours
        or so old that MongoDB has forgotten what came after it.

        Raises:
            StoreUnavailable: MongoDB cannot be reached.
        """
        if position is None:
            return self._present(lost=False)
        if not POSITION.fullmatch(position):
            return self._present(lost=True)
        try:
            with translated():
                return self._read(position, data_center, wait)
        except OperationFailure as error:
            if error.code in AUTHENTICATION_CODES:
                raise
            return self._present(lost=True)

    def _watch(self, position: str | None, wait: float) -> ChangeStream[Document]:
        return self._database.watch(
            _WATCHED,
            full_document="updateLookup",
            resume_after={"_data": position} if position else None,
            max_await_time_ms=max(1, int(wait * 1000)),
        )

    def _present(self, *, lost: bool) -> Changes:
        with translated(), self._watch(None, 0) as stream:
            stream.try_next()
            return Changes(_position(stream), lost=lost)

    def _read(self, position: str, data_center: str, wait: float) -> Changes:
        found: dict[str, dict[str, str]] = {}
        deadline = time.monotonic() + wait
        with self._watch(position, wait) as stream:
            _take(stream.try_next(), data_center, found)
            while not found and time.monotonic() < deadline:
                _take(stream.try_next(), data_center, found)
            position = _position(stream)
        if found:
            # What else is there by now; the stream above would wait for more.
            with self._watch(position, 0) as stream:
                while len(found) < MAX_CHANGES and (event := stream.try_next()) is not None:
                    _take(event, data_center, found)
                position = _position(stream)
        if UNKNOWN in found:
            return Changes(position, lost=True)
        return Changes(position, tuple(found.values()))


def _position(stream: ChangeStream[Document]) -> str:
    token = stream.resume_token
    return str(token["_data"]) if token else ""


def _take(event: Mapping[str, Any] | None, data_center: str, found: dict[str, dict[str, str]]) -> None:
    """Add what an event means for the gateway of a data center, each thing once."""
    for kind, value in _told(event, data_center) if event is not None else ():
        found[kind if kind == UNKNOWN else f"{kind} {value}"] = {kind: value}


def _told(event: Mapping[str, Any], data_center: str) -> Iterator[tuple[str, str]]:
    """Yield kind and value of a change; UNKNOWN where what changed was removed before it could be read."""
    kind = event["ns"]["coll"]
    key = str(event["documentKey"]["_id"])
    if kind == "authorizations":
        yield "sid", key
        return
    document = event.get("fullDocument")
    if kind in INDIFFERENT and not _matters(event, INDIFFERENT[kind]):
        return
    if kind == "users":
        yield "user", key
    elif document is None:
        yield UNKNOWN, ""
    elif kind == "tokens":
        yield "token", document["digest"]
    elif document["data_center"] == data_center:
        yield "project", f"{document['owner']}/{document['name']}"
        # Who held a decision on it knows it by its former address. Read from the event: the document may have moved on.
        former = (event.get("updateDescription") or {}).get("updatedFields", {}).get("former")
        if former:
            yield "project", f"{former['owner']}/{document['name']}"


def _matters(event: Mapping[str, Any], indifferent: frozenset[str]) -> bool:
    description = event.get("updateDescription")
    if description is None:  # replaced as a whole
        return True
    touched = {*description["updatedFields"], *description["removedFields"]}
    touched |= {entry["field"] for entry in description.get("truncatedArrays") or ()}
    return any(name.partition(".")[0] not in indifferent for name in touched)
