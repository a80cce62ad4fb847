# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes one directory of staged files as a conda package (format 2, `.conda`)."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conda_package_streaming.create import anonymize, conda_builder

from tools.channel.errors import ChannelError

# The text that stands for the prefix inside packages. Any program that installs conda packages replaces it;
# a long one leaves room in binary files, and this one names its purpose.
PLACEHOLDER = "/opt/wakari_channel_placeholder_" + "p" * 96

SUBDIR = "linux-64"
# zstd at its highest level takes minutes for a set that is installed a few times: level 6 is 10 % larger.
COMPRESSION_LEVEL = 6
# One fixed time for every file (2000-01-01), so that the same input gives the same package, byte for byte.
FILE_TIME = 946684800


@dataclass(frozen=True)
class Metadata:
    """What the index says about a package."""

    name: str
    version: str
    build: str
    depends: tuple[str, ...] = ()
    licence: str = ""
    summary: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        """File name of the package without its extension."""
        return f"{self.name}-{self.version}-{self.build}"

    def index(self) -> dict[str, Any]:
        """The content of `info/index.json`."""
        return {
            "name": self.name,
            "version": self.version,
            "build": self.build,
            "build_number": 0,
            "depends": sorted(self.depends),
            "constrains": [],
            "license": self.licence,
            "subdir": SUBDIR,
            "arch": "x86_64",
            "platform": "linux",
            "timestamp": FILE_TIME * 1000,
            **self.extra,
        }


@dataclass(frozen=True)
class BuiltPackage:
    """A package on disk, with the entry that `repodata.json` needs for it."""

    file_name: str
    record: dict[str, Any]
    files: int


def write_package(staged: Path, metadata: Metadata, destination: Path) -> BuiltPackage:
    """Write `staged` to `destination/<name>-<version>-<build>.conda`.

    Files that contain the placeholder are recorded as such; returns the package with its checksums.

    Raises:
        ChannelError: a binary file contains the placeholder (it would not survive the replacement untested).
    """
    names = sorted(
        path.relative_to(staged).as_posix() for path in staged.rglob("*") if path.is_symlink() or not path.is_dir()
    )
    entries = [_path_entry(staged, name) for name in names]
    with conda_builder(metadata.stem, destination, compression_level=COMPRESSION_LEVEL, compression_threads=0) as tar:
        for name in names:
            tar.add(staged / name, arcname=name, recursive=False, filter=_reproducible)
        for name, text in _info_files(metadata, names, entries).items():
            _add_text(tar, f"info/{name}", text)
    package = destination / f"{metadata.stem}.conda"
    content = package.read_bytes()
    record = {
        **metadata.index(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "size": len(content),
    }
    return BuiltPackage(package.name, record, len(names))


def _path_entry(staged: Path, name: str) -> dict[str, Any]:
    path = staged / name
    target = path.resolve()
    # conda records the checksum of what a symbolic link leads to.
    content = target.read_bytes() if target.is_file() else b""
    entry: dict[str, Any] = {
        "_path": name,
        "path_type": "softlink" if path.is_symlink() else "hardlink",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_in_bytes": len(content),
    }
    if not path.is_symlink() and PLACEHOLDER.encode() in content:
        if b"\0" in content:
            raise ChannelError(f"{name} is a binary file that names its prefix: leave it out or make it relocatable")
        entry |= {"prefix_placeholder": PLACEHOLDER, "file_mode": "text"}
    return entry


def _info_files(metadata: Metadata, names: list[str], entries: list[dict[str, Any]]) -> dict[str, str]:
    about = {"summary": metadata.summary, "license": metadata.licence}
    files = {
        "index.json": json.dumps(metadata.index(), indent=1),
        "paths.json": json.dumps({"paths": entries, "paths_version": 1}),
        "files": "".join(f"{name}\n" for name in names),
        "about.json": json.dumps(about, indent=1),
    }
    prefixed = [entry["_path"] for entry in entries if "prefix_placeholder" in entry]
    if prefixed:
        files["has_prefix"] = "".join(f'"{PLACEHOLDER}" "text" "{name}"\n' for name in prefixed)
    return files


def _reproducible(member: tarfile.TarInfo) -> tarfile.TarInfo:
    anonymize(member)
    member.mtime = FILE_TIME
    member.mode = 0o755 if member.mode & 0o100 else 0o644
    return member


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    content = text.encode()
    member = tarfile.TarInfo(name)
    member.size = len(content)
    member.mode = 0o644
    member.mtime = FILE_TIME
    tar.addfile(member, io.BytesIO(content))
