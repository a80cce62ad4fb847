# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what `conda-meta/` of a prefix says; works on any conda prefix, whoever made it."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wakari.environments.errors import EnvironmentsError


@dataclass(frozen=True)
class Package:
    """One installed package."""

    name: str
    version: str
    build: str
    channel: str
    files: int


@dataclass(frozen=True)
class Environment:
    """One environment found on disk; `python` is empty where it has none."""

    name: str
    prefix: Path
    python: str
    has_kernel: bool


def is_prefix(path: Path) -> bool:
    """Whether `path` is a conda prefix: a directory with `conda-meta/` that is not a link."""
    meta = path / "conda-meta"
    return meta.is_dir() and not meta.is_symlink()


def require_prefix(path: Path) -> None:
    """Raise `not_an_environment` unless `path` is a conda prefix."""
    if not is_prefix(path):
        raise EnvironmentsError(
            "not_an_environment",
            f"{path} is not a conda environment: it has no conda-meta directory.",
            hint="Name the directory that holds bin/ and conda-meta/.",
            status=404,
        )


def read_records(prefix: Path) -> Iterator[dict[str, Any]]:
    """The package records of a prefix, by file name; nothing for a prefix without packages.

    Raises:
        EnvironmentsError: a record cannot be read.
    """
    for file in sorted((prefix / "conda-meta").glob("*.json")):
        try:
            record = json.loads(_read_regular(file))
        except (OSError, ValueError) as error:
            raise EnvironmentsError(
                "broken_environment",
                f"The record {file} cannot be read: {error}.",
                hint="Create the environment again, or clone it from a whole one.",
                status=500,
            ) from error
        if isinstance(record, dict) and "name" in record:
            yield record


def recorded_paths(record: dict[str, Any]) -> list[dict[str, Any]]:
    """The file entries of a record, each with `_path` and, where it names the prefix, `prefix_placeholder`.

    Raises:
        EnvironmentsError: the record is not of that shape (its file may have been written by a user).
    """
    data = record.get("paths_data", {})
    paths = data.get("paths", []) if isinstance(data, dict) else None
    if not isinstance(paths, list) or not all(_is_entry(entry) for entry in paths):
        raise EnvironmentsError(
            "broken_environment", f"The record of {record['name']} lists no usable paths.", status=500
        )
    return paths


def _is_entry(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("_path"), str)
        and isinstance(entry.get("prefix_placeholder") or "", str)
    )


def _read_regular(file: Path) -> bytes:
    """The content of a file that may be a user's: neither a link nor a FIFO is opened for long."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        return stream.read()


def list_packages(prefix: Path) -> list[Package]:
    """The packages that conda knows in `prefix`, by name. What pip installed there is not among them.

    Raises:
        EnvironmentsError: `prefix` is not an environment, or a record is broken.
    """
    require_prefix(prefix)
    packages = [
        Package(
            name=str(record["name"]),
            version=str(record.get("version", "")),
            build=str(record.get("build", "")),
            channel=str(record.get("channel") or ""),
            files=len(recorded_paths(record)),
        )
        for record in read_records(prefix)
    ]
    return sorted(packages, key=lambda package: package.name)


def python_version(prefix: Path) -> str:
    """Version of the interpreter by its record, as `3.11.2`; empty where the environment has none."""
    for file in (prefix / "conda-meta").glob("python-[0-9]*.json"):
        # python-<version>-<build>: the file name says it, without reading the largest record of all.
        return file.name.split("-")[1]
    return ""


def has_ipykernel(prefix: Path) -> bool:
    """Whether a notebook kernel can be started from `prefix`, installed by conda or by pip."""
    return any((prefix / "lib").glob("python3.*/site-packages/ipykernel/__main__.py"))


def describe(prefix: Path, name: str = "") -> Environment:
    """What is known of the environment at `prefix`; raises `not_an_environment`."""
    require_prefix(prefix)
    return Environment(name or prefix.name, prefix, python_version(prefix), has_ipykernel(prefix))


def list_environments(roots: Iterable[Path]) -> list[Environment]:
    """Each root that is an environment, then the environments in its `envs/`; each prefix once.

    Roots are distributions (/opt/wakari/anaconda), projects, and home directories; one that does not exist, or that
    the caller may not read, has none. An unfinished clone is not listed.
    """
    found: dict[Path, Environment] = {}
    for root in roots:
        for prefix in [root, *_children(root / "envs")]:
            try:
                if is_prefix(prefix):
                    found.setdefault(prefix.resolve(), describe(prefix, "root" if prefix == root else prefix.name))
            except PermissionError:
                continue
    return list(found.values())


def _children(directory: Path) -> list[Path]:
    try:
        return sorted(path for path in directory.iterdir() if not path.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []
