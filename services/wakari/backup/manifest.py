# SPDX-License-Identifier: GPL-3.0-or-later
"""What a backup says of itself: who made it, when, and a checksum of each part."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from wakari import __version__
from wakari.backup.errors import damaged, unusable
from wakari.core.messages import first_problem

PRODUCT = "wakari-aen-server-backup"
# Raised by one with each change that a former release could not restore.
FORMAT = 1
NAME = "manifest.json"  # of the member, always the first
LARGEST = 1 << 20  # bytes of it
PartName = Annotated[str, Field(pattern=r"^(database|secrets|tls|settings)(/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){1,2}$")]


class Part(BaseModel):
    """One member of the archive. `documents` is None for what is no collection."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)
    documents: int | None = Field(default=None, ge=0)


class Manifest(BaseModel):
    """The head of the archive."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    product: Literal["wakari-aen-server-backup"] = "wakari-aen-server-backup"
    format: int = FORMAT
    release: str = Field(pattern=r"^[0-9]+(\.[0-9]+)*([a-z.+-][a-z0-9.+-]*)?$")
    made_at: datetime
    host: str
    server_url: str
    parts: dict[PartName, Part]

    @classmethod
    def of(cls, server_url: str, parts: Mapping[str, Part]) -> Manifest:
        """Return the manifest of a backup that is made now, here."""
        return cls(
            release=__version__,
            made_at=datetime.now(UTC).replace(microsecond=0),
            host=socket.gethostname(),
            server_url=server_url,
            parts=dict(parts),
        )


def read(file: Path, text: bytes) -> Manifest:
    """Return the manifest of the archive `file`.

    Raises:
        BadInputError: `backup_unusable`: it is another program's, a newer release's, or damaged.
    """
    try:
        head: Any = json.loads(text)
    except ValueError:
        raise damaged(file, "its manifest cannot be read") from None
    if not isinstance(head, dict) or head.get("product") != PRODUCT:
        raise unusable(file, "this is no backup of a server node.", "Name a file that wk-server-admin backup wrote.")
    kind, release = head.get("format"), str(head.get("release"))[:40]
    if isinstance(kind, int) and (kind > FORMAT or _numbers(release) > _numbers(__version__)):
        raise unusable(
            file,
            f"release {release} made this backup (format {kind}); this is release {__version__} ({FORMAT}).",
            "Install that release or a later one, then restore.",
        )
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        raise damaged(file, f"its manifest breaks a rule ({first_problem(error)})") from None


def _numbers(release: str) -> tuple[int, ...]:
    parts = []
    for part in release.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        parts.append(int(digits or 0))
    return tuple(parts)
