# SPDX-License-Identifier: GPL-3.0-or-later
"""The Debian packages that the roles ask for, with everything these need, as one repository in an archive.

Resolved by apt as for a machine on which nothing is installed: what the repository holds does not depend on this one.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.hosts.apt import machine_sources
from tools.release.errors import ReleaseError, run

# Where nothing else is said, as on the hosts: no package that is only recommended.
_OPTIONS = {"APT::Install-Recommends": "false", "APT::Get::Assume-Yes": "true", "APT::Get::Download-Only": "true"}


@dataclass(frozen=True)
class Package:
    """One package: its file, and its paragraph of the repository's index."""

    file: Path
    name: str
    version: str
    architecture: str
    sha256: str
    paragraph: str


def fetch(suite: str, names: Iterable[str], cache: Path) -> list[Package]:
    """Return the packages and all that they depend on, for a suite of Debian; downloaded into `cache`, once each.

    Raises:
        ReleaseError: apt cannot find or fetch one of them.
    """
    with tempfile.TemporaryDirectory(prefix=f"aen-{suite}-") as name:
        folder = Path(name)
        command = [*_apt(suite, folder, cache)]
        run([*command, "update", "-q"])
        run([*command, "install", "-q", *sorted(names)])
        wanted = run([*command, "install", "-q", "--print-uris", "-o", f"Dir::Cache::archives={folder}/none", *names])
    files = {line.split()[1] for line in wanted.splitlines() if line.startswith("'")}
    return [read(cache / file) for file in sorted(files)]


def read(file: Path) -> Package:
    """Return what a package file says of itself; raise ReleaseError where it is no package."""
    fields = run(["dpkg-deb", "--field", file])
    said = dict(line.split(": ", 1) for line in fields.splitlines() if ": " in line and not line.startswith(" "))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    index = f"Filename: ./{file.name}\nSize: {file.stat().st_size}\nSHA256: {digest}\n"
    return Package(file, said["Package"], said["Version"], said["Architecture"], digest, fields + index)


def repository(packages: Iterable[Package]) -> dict[str, Path | bytes]:
    """Return the members of an archive that apt can use as a repository (sources.list(5), "exact path")."""
    listed = sorted(packages, key=lambda package: package.file.name)
    members: dict[str, Path | bytes] = {package.file.name: package.file for package in listed}
    members["Packages"] = "\n".join(package.paragraph for package in listed).encode()
    return members


def _apt(suite: str, folder: Path, cache: Path) -> Iterator[str | Path]:
    """Yield an apt-get that has its own sources and state, and installs on a machine where nothing is installed."""
    (folder / "lists" / "partial").mkdir(parents=True)
    (cache / "partial").mkdir(parents=True, exist_ok=True)
    (folder / "status").touch()
    sources = machine_sources(suite)
    if not sources:
        raise ReleaseError(f"this machine has no package source of Debian {suite}")
    (folder / "sources.list").write_text("".join(f"{source.line()}\n" for source in sources), encoding="utf-8")
    settings = _OPTIONS | {
        "Dir::Etc::sourcelist": folder / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::Etc::preferencesparts": "-",
        "Dir::State": folder,
        "Dir::State::lists": folder / "lists",
        "Dir::State::status": folder / "status",
        "Dir::Cache": folder,
        "Dir::Cache::archives": cache,
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "true",
    }
    yield "apt-get"
    yield from (part for name, value in settings.items() for part in ("-o", f"{name}={value}"))
