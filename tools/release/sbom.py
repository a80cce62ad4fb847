# SPDX-License-Identifier: GPL-3.0-or-later
"""The software bill of materials of a bundle, in CycloneDX 1.6 (ECMA-424): what is in it, by name, version and hash."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.utils import parse_wheel_filename

from tools.release.debian import Package


def document(product: str, version: str, components: Iterable[Component]) -> bytes:
    """Return the bill of materials of a product as JSON."""
    listed = list(components)
    whole = Component(name=product, version=version, type=ComponentType.APPLICATION, bom_ref=product)
    bom = Bom(components=listed)
    bom.metadata.component = whole
    bom.register_dependency(whole, listed)
    return JsonV1Dot6(bom).output_as_string(indent=1).encode()


def wheels(archives: Iterable[Path]) -> Iterator[Component]:
    """Yield each wheel in a wheelhouse's archives, once."""
    seen: set[str] = set()
    for archive in archives:
        with tarfile.open(archive) as tar:
            names = [Path(member.name).name for member in tar if member.name.endswith(".whl")]
        for file in sorted(set(names) - seen):
            name, version, _, _ = parse_wheel_filename(file)
            yield _component("pypi", str(name), str(version), file=file)
        seen |= set(names)


def debian(packages: Iterable[Package], suite: str) -> Iterator[Component]:
    """Yield each package of a suite."""
    for package in packages:
        qualifiers = {"arch": package.architecture, "distro": suite}
        yield _component(
            *("deb", package.name, package.version), "debian", qualifiers=qualifiers, sha256=package.sha256
        )


def conda(channel: Path) -> Iterator[Component]:
    """Yield each package of a conda channel's manifest."""
    listed: dict[str, Any] = json.loads((channel / "manifest.json").read_text(encoding="utf-8"))["packages"]
    for path, said in sorted(listed.items()):
        subdir, _, file = path.partition("/")
        name, version, build = file.removesuffix(".conda").rsplit("-", 2)
        yield _component(
            *("conda", name, version), qualifiers={"subdir": subdir, "build": build}, sha256=said["sha256"]
        )


def collections(folders: Iterable[Path]) -> Iterator[Component]:
    """Yield each Ansible collection that lies unpacked in a folder."""
    for folder in folders:
        said = json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))["collection_info"]
        yield _component("generic", f"ansible-collection-{said['namespace']}-{said['name']}", said["version"])


def _component(
    kind: str,
    name: str,
    version: str,
    namespace: str = "",
    *,
    qualifiers: dict[str, str] | None = None,
    sha256: str = "",
    file: str = "",
) -> Component:
    purl = PackageURL(kind, namespace or None, name, version, qualifiers or None)
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        purl=purl,
        bom_ref=f"{purl}#{file}" if file else str(purl),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256)] if sha256 else (),
    )
