# SPDX-License-Identifier: GPL-3.0-or-later
"""The bundle: one archive from which a site without a network installs the platform.

Its layout is what plugins/plugin_utils/_bundle.py and the roles read: `ansible_collections/`, `apt/SUITE.tar`,
`channel/`, `sbom.cdx.json`, and `manifest.json` with the SHA-256 of every other file.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml
from cyclonedx.model.component import Component

from tools.release import artifact, debian, sbom, wanted
from tools.release.errors import ReleaseError, run
from tools.wheelhouse import bundle as archives

NEEDED = ("ansible/posix", "community/crypto", "community/mongodb")  # galaxy.yml, "dependencies"
CONFIGURATION = """\
# The collections beside this file, and nothing else of the machine's.
[defaults]
collections_path = .
forks = 25
timeout = 60

[ssh_connection]
pipelining = true
"""


@dataclass(frozen=True)
class Parts:
    """What a bundle is made of: suites of Debian, more package files of the site's, and where the rest lies."""

    suites: tuple[str, ...]
    packages: tuple[Path, ...]
    wheelhouse: Path
    channel: Path
    cache: Path
    development: bool = False


def build(root: Path, parts: Parts, output: Path) -> Path:
    """Return the bundle, written into `output`.

    Raises:
        ReleaseError: one of its parts is missing or cannot be fetched.
    """
    version = yaml.safe_load((root / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    name = f"wakari-aen-bundle-{version}"
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".bundle-", dir=output) as work:
        tree = Path(work) / name
        tree.mkdir()
        components = [*_collections(root, parts, Path(work), tree), *_channel(parts.channel, tree)]
        for suite in parts.suites:
            packages = debian.fetch(suite, wanted.packages(root), parts.cache / "packages" / suite)
            packages += [debian.read(file) for file in parts.packages]
            (tree / "apt").mkdir(exist_ok=True)
            archives.write(tree / "apt" / f"{suite}.tar", debian.repository(packages))
            components += sbom.debian(packages, suite)
        (tree / "ansible.cfg").write_text(CONFIGURATION, encoding="utf-8")
        shutil.copy(root / "docs" / "bundle.md", tree / "README.md")
        (tree / "sbom.cdx.json").write_bytes(sbom.document("wakari.aen", version, components))
        (tree / "manifest.json").write_text(manifest(tree, version), encoding="utf-8")
        return _pack(tree, output / f"{name}.tar")


def manifest(tree: Path, version: str) -> str:
    """Return the manifest of a folder: the SHA-256 of each of its files, by its path."""
    files = {}
    for path in sorted(path for path in tree.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            files[str(path.relative_to(tree))] = hashlib.file_digest(file, "sha256").hexdigest()
    return json.dumps({"version": version, "files": files}, indent=1) + "\n"


def _collections(root: Path, parts: Parts, work: Path, tree: Path) -> Iterable[Component]:
    """Put the product's collection and those it needs into the tree; return their components and their wheels'."""
    # The wheelhouse is put in place afterwards: to pack it only to unpack it takes half a minute.
    carried = artifact.archives(parts.wheelhouse, development=parts.development)
    built = artifact.build(root, (), work)
    galaxy = Path(sys.executable).with_name("ansible-galaxy")
    run([galaxy, "collection", "install", "--no-deps", "--force", "-p", tree, built.resolve()], tree)
    place = tree / "ansible_collections" / "wakari" / "aen" / artifact.CARRIED
    place.mkdir(parents=True)
    for archive in carried:
        shutil.copy(archive, place)
    found = importlib.util.find_spec("ansible_collections")
    places = [Path(place) for place in (found.submodule_search_locations or [])] if found else []
    for needed in NEEDED:
        source = next((place / needed for place in places if (place / needed / "MANIFEST.json").is_file()), None)
        if source is None:
            raise ReleaseError(f"the collection {needed.replace('/', '.')} is not installed: run `make venv`")
        target = tree / "ansible_collections" / needed
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    folders = sorted(path.parent for path in (tree / "ansible_collections").glob("*/*/MANIFEST.json"))
    return [*sbom.collections(folders), *sbom.wheels(sorted(parts.wheelhouse.glob("*-cp*.tar")))]


def _channel(channel: Path, tree: Path) -> Iterable[Component]:
    if not (channel / "manifest.json").is_file():
        raise ReleaseError(f"{channel} holds no conda channel: run `make channel`")
    shutil.copytree(channel, tree / "channel")
    return sbom.conda(channel)


def _pack(tree: Path, target: Path) -> Path:
    """Write the archive, not compressed, for what is in it already is; the SHA-256 to hand on stands beside it."""
    fresh = target.with_name(f".{target.name}")
    with tarfile.open(fresh, "w", format=tarfile.PAX_FORMAT) as tar:
        tar.add(tree, arcname=tree.name, filter=_owned_by_root)
    fresh.rename(target)
    with target.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    target.with_name(f"{target.name}.sha256").write_text(f"{digest}  {target.name}\n", encoding="ascii")
    return target


def _owned_by_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member
