# SPDX-License-Identifier: GPL-3.0-or-later
"""The file itself: a compressed tar, the manifest first, each part checked against it before anybody reads it."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from wakari.backup import manifest
from wakari.backup.errors import damaged, not_read, not_written, unusable
from wakari.backup.manifest import Manifest, Part

CHUNK = 1 << 20
_BROKEN = (tarfile.TarError, zlib.error, EOFError)


class Draft:
    """A backup in the making: its parts, in a folder that root alone reads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.parts: dict[str, Part] = {}

    def add(self, name: str, chunks: Iterable[bytes], *, counted: bool = False) -> None:
        """Add a part; with `counted` each chunk is a document."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        digest, size, count = hashlib.sha256(), 0, 0
        with path.open("wb") as out:
            for chunk in chunks:
                out.write(chunk)
                digest.update(chunk)
                size += len(chunk)
                count += 1
        self.parts[name] = Part(sha256=digest.hexdigest(), bytes=size, documents=count if counted else None)

    def write(self, target: Path, server_url: str) -> Manifest:
        """Write the archive, 0600, in one step; return its manifest. A file that is there is never replaced."""
        head = Manifest.of(server_url, self.parts)
        fresh = self._folder / "archive"
        with (
            os.fdopen(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as out,
            tarfile.open(fileobj=out, mode="w:gz", format=tarfile.PAX_FORMAT) as tar,
        ):
            _put(tar, manifest.NAME, head.model_dump_json(indent=1).encode())
            for name in self.parts:
                tar.add(self._folder / name, name, recursive=False, filter=_plain)
            tar.close()
            out.flush()
            os.fsync(out.fileno())
        target.hardlink_to(fresh)
        return head


@contextmanager
def draft(target: Path) -> Iterator[Draft]:
    """Give an empty backup that will be written to `target`; nothing but the finished file is left.

    Raises:
        BadInputError: the file is there already, or the folder cannot be written.
    """
    if target.exists():
        raise not_written(target, FileExistsError(17, "it exists already"))
    try:
        with tempfile.TemporaryDirectory(prefix=".wk-backup-", dir=target.parent) as folder:
            yield Draft(Path(folder))
    except OSError as error:
        raise not_written(target, error) from error


@dataclass(frozen=True)
class Archive:
    """A backup whose every part was found to be as it was written."""

    manifest: Manifest
    folder: Path

    def open(self, name: str) -> BinaryIO:
        """Return the part, to be read."""
        return (self.folder / name).open("rb")

    def names(self, kind: str) -> list[str]:
        """Return the names of the parts of a kind, `database` for instance."""
        return [name for name in self.manifest.parts if name.startswith(f"{kind}/")]


@contextmanager
def opened(file: Path) -> Iterator[Archive]:
    """Give the archive, checked as a whole; what was unpacked is removed afterwards.

    Raises:
        BadInputError: `backup_unusable` (foreign, newer, damaged), `file_unreadable`.
    """
    try:
        source = file.open("rb")
    except OSError as error:
        raise not_read(file, error) from error
    with source:
        try:
            folder = Path(tempfile.mkdtemp(prefix=".wk-restore-", dir=file.parent))
        except OSError as error:
            raise not_written(file.parent, error) from error
        try:
            yield Archive(_unpack(file, source, folder), folder)
        finally:
            shutil.rmtree(folder)


def _unpack(file: Path, source: BinaryIO, folder: Path) -> Manifest:
    head: Manifest | None = None
    missing: set[str] = set()
    try:
        # Read to its very end: gzip's own checksum stands there.
        with gzip.GzipFile(fileobj=source) as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
            for member in tar:
                content = _content(file, tar, member)
                if head is None:
                    head = _head(file, member, content)
                    missing = set(head.parts)
                    continue
                if member.name not in missing:
                    raise damaged(file, f"its manifest does not name {ascii(member.name)[:80]}")
                missing.remove(member.name)
                if _copy(content, folder / member.name) != head.parts[member.name].sha256:
                    raise damaged(file, f"the checksum of {member.name} is another")
            _drain(plain)
    except (*_BROKEN, OSError) as error:
        if head is not None:
            raise damaged(file, f"it cannot be read to its end ({type(error).__name__})") from error
    if head is None:
        raise _foreign(file)
    if missing:
        raise damaged(file, f"it lacks {min(missing)}")
    return head


def _head(file: Path, member: tarfile.TarInfo, content: IO[bytes]) -> Manifest:
    if member.name != manifest.NAME or member.size > manifest.LARGEST:
        raise _foreign(file)
    return manifest.read(file, content.read())


def _content(file: Path, tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(member) if member.isreg() else None
    if content is None:
        raise damaged(file, f"{ascii(member.name)[:80]} is no plain file")
    return content


def _drain(stream: IO[bytes] | gzip.GzipFile) -> None:
    while stream.read(CHUNK):
        pass


def _copy(content: IO[bytes], path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with path.open("wb") as out:
        while chunk := content.read(CHUNK):
            out.write(chunk)
            digest.update(chunk)
    return digest.hexdigest()


def _put(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o600
    tar.addfile(info, io.BytesIO(content))


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o600
    return info


def _foreign(file: Path) -> Exception:
    return unusable(
        file,
        "this is no backup of a server node, or its head is damaged.",
        "Name a file that wk-server-admin backup wrote.",
    )
