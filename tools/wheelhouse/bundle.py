# SPDX-License-Identifier: GPL-3.0-or-later
"""Write an archive whose bytes depend on its content alone, and its SHA-256 beside it."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path


def write(archive: Path, members: Mapping[str, Path | bytes], executable: frozenset[str] = frozenset()) -> bool:
    """Write the archive (`tar`, not compressed: wheels already are) and `<archive>.sha256`; return whether it changed.

    `members` maps names in the archive to files or contents; names in `executable` get mode 0755, others 0644.
    """
    fresh = archive.with_name(f".{archive.name}.{os.getpid()}")
    with tarfile.open(fresh, "w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(members):
            _add(tar, name, members[name], 0o755 if name in executable else 0o644)
    digest = _sha256(fresh)
    beside = archive.with_name(archive.name + ".sha256")
    if archive.is_file() and beside.is_file() and beside.read_text(encoding="ascii").strip() == digest:
        fresh.unlink()
        return False
    fresh.rename(archive)
    beside.write_text(digest + "\n", encoding="ascii")
    return True


def _add(tar: tarfile.TarFile, name: str, content: Path | bytes, mode: int) -> None:
    data = content.read_bytes() if isinstance(content, Path) else content
    info = tarfile.TarInfo(name)
    info.size = len(data)
    info.mode = mode
    tar.addfile(info, io.BytesIO(data))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
