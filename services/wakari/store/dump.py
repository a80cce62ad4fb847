# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole database as BSON, of one moment; and back again, put in place only when all of it is there."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, BinaryIO

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import OperationFailure

from wakari.store.base import Document, now
from wakari.store.errors import StoreUnavailable, translated
from wakari.store.indexes import INDEXES

# Of the moment alone: who is signed in, failed sign-ins, workers that live. A restored platform begins without them.
LEFT_OUT = frozenset({"authorizations", "codes", "sessions", "throttles", "workers"})
COLLECTIONS = tuple(sorted(set(INDEXES) - LEFT_OUT))
# Accounts made after the backup have uids that nobody knows any more, and files on nodes: none of these is given again.
UID_GAP = 500
BATCH = 500  # documents of an insert
LARGEST = 16 << 20  # bytes of a document (MongoDB manual, "Limits and Thresholds")
_STAGED = "restore_"
_RAW: CodecOptions[Any] = CodecOptions(document_class=RawBSONDocument)
# SnapshotTooOld, SnapshotUnavailable (MongoDB manual, "Error codes").
_NO_SNAPSHOT = frozenset({239, 246})


class Dump:
    """Reads and replaces what the database keeps."""

    def __init__(self, database: Database[Document]) -> None:
        self._database = database

    def collections(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Yield the name and the documents of each collection that is kept, all as they were at one moment.

        Raises:
            StoreUnavailable: MongoDB cannot be reached, or no longer has that moment.
        """
        with translated(), self._database.client.start_session(snapshot=True) as session:
            for name in COLLECTIONS:
                yield name, self._documents(name, session)

    def _documents(self, name: str, session: ClientSession) -> Iterator[bytes]:
        try:
            with translated():
                for document in self._raw(name).find({}, session=session):
                    yield document.raw
        except OperationFailure as error:
            if error.code not in _NO_SNAPSHOT:
                raise
            raise StoreUnavailable("MongoDB has no view of one moment of its data just now: try again.") from error

    def in_use(self) -> str:
        """Return what a restore would replace, for instance `2 projects, 7 users`; empty for a new installation."""
        with translated():
            counted = {name: self._database[name].count_documents({}) for name in ("data_centers", "projects", "users")}
        counted["users"] -= 1  # the first administrator, whom the role makes
        found = [f"{count} {name.replace('_', ' ')}" for name, count in counted.items() if count > 0]
        return ", ".join(found)

    def stage(self, name: str, documents: Iterable[bytes]) -> int:
        """Write the documents beside the collection, with its indexes; return how many. Nobody reads them yet."""
        staged = self._raw(_STAGED + name)
        count = 0
        with translated():
            staged.drop()
            self._database.create_collection(staged.name)
            if INDEXES[name]:
                staged.create_indexes(list(INDEXES[name]))
            stream = iter(documents)
            while batch := [RawBSONDocument(document) for document in islice(stream, BATCH)]:
                staged.insert_many(batch)
                count += len(batch)
        return count

    def unstage(self) -> None:
        """Remove what was staged."""
        with translated():
            for name in COLLECTIONS:
                self._database[_STAGED + name].drop()

    def swap(self, staged: Iterable[str]) -> None:
        """Put what was staged in place of what is there, and tell gateways that every decision is void."""
        moment = now()
        with translated():
            counters = self._database[_STAGED + "counters"]
            counters.update_one({"_id": "uid"}, {"$inc": {"value": UID_GAP}})
            # Both are told by the change feed: who was let in by what goes away is let in no more.
            self._database["tokens"].update_many({}, {"$set": {"expires_at": moment}})
            for name in sorted(LEFT_OUT):
                self._database[name].delete_many({})
            for name in staged:
                self._database[_STAGED + name].rename(name, dropTarget=True)
            for name in ("users", "projects"):
                self._database[name].update_many({}, {"$set": {"restored_at": moment}})

    def _raw(self, name: str) -> Collection[Any]:
        return self._database.get_collection(name, codec_options=_RAW)


def documents_of(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the documents of a BSON stream (bsonspec.org: each begins with its length).

    Raises:
        ValueError: one is broken.
    """
    while head := stream.read(4):
        length = struct.unpack("<i", head)[0] if len(head) == 4 else 0  # noqa: PLR2004 - an int32
        if not 5 <= length <= LARGEST:  # noqa: PLR2004 - the empty document
            raise ValueError("a document has an impossible length")
        rest = stream.read(length - 4)
        if len(rest) != length - 4:
            raise ValueError("the last document is not whole")
        yield head + rest


def sealed_secrets(documents: Iterable[bytes]) -> Mapping[str, str]:
    """Return the sealed secret of each data center, by its name."""
    found = [RawBSONDocument(document) for document in documents]
    return {str(document["name"]): str(document["sealed_secret"]) for document in found}
