# SPDX-License-Identifier: GPL-3.0-or-later
"""What the repositories share: time, ids, records."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict
from pymongo.client_session import ClientSession
from pymongo.collection import Collection

Document = dict[str, Any]
Documents = Collection[Document]
Transaction = ClientSession | None


class Record(BaseModel):
    """A document as the code reads it: frozen. Unknown keys are ignored, so that old code reads new documents."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    @classmethod
    def of(cls, document: Mapping[str, Any] | None) -> Self | None:
        """Return the record, or None for no document."""
        return None if document is None else cls.model_validate(document)


def now() -> datetime:
    """Return the time, UTC, in whole milliseconds as BSON keeps it."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def new_id() -> str:
    """Return a new id: 96 random bits, 24 hex digits."""
    return secrets.token_hex(12)


def digest(secret: str) -> str:
    """Return what is stored of a random 256-bit secret: SHA-256 suffices, there is nothing to guess."""
    return hashlib.sha256(secret.encode()).hexdigest()
