# SPDX-License-Identifier: GPL-3.0-or-later
"""Records of packages that a lock names by address and hash. Imported by `rattler.py` alone, in its process."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from rattler import Client, PackageRecord, RepoDataRecord
from rattler.package_streaming import PackageArchive

from wakari.environments.errors import EnvironmentsError

_AT_ONCE = 16


async def locked_records(locked: Sequence[str]) -> list[RepoDataRecord]:
    """The record of each `address#sha256:<hex>`, from the package's own description. Raises EnvironmentsError."""
    client, slots = Client.default_client(), asyncio.Semaphore(_AT_ONCE)

    async def one(text: str) -> RepoDataRecord:
        async with slots:
            return await _record(client, *text.split("#sha256:"))

    return list(await asyncio.gather(*map(one, locked)))


async def _record(client: Client, url: str, sha256: str) -> RepoDataRecord:
    channel, subdir, file_name = url.rsplit("/", 2)
    with tempfile.TemporaryDirectory(prefix="wk-environment-") as folder:
        index = Path(folder) / "index.json"
        try:
            if url.startswith("file:"):
                archive = await PackageArchive.from_path(unquote(urlsplit(url).path))
            else:
                archive = await PackageArchive.from_url(client, url)
            index.write_bytes(await archive.read_file("info/index.json") or b"")
            record = PackageRecord.from_index_json(index, sha256=sha256)
        except Exception as error:
            raise EnvironmentsError(
                "channel_unavailable",
                f"{url} cannot be read: {' '.join(str(error).split())}",
                hint=f"Check that {channel}/{subdir} still holds it, and that this machine can reach it.",
                status=502,
            ) from error
    return RepoDataRecord(record, file_name, url, f"{channel}/")
