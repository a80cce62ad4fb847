# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection artifact: what `ansible-galaxy collection install` takes, with everything `wakari.aen.site` needs.

The wheelhouse travels inside the role that installs it, so that an installed collection needs no file of a checkout.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from tools.release.errors import ReleaseError, run
from tools.wheelhouse.settings import TIERS

CARRIED = Path("roles") / "aen_common" / "files" / "wheelhouse"  # where the role looks first
DEVELOPMENT = "mongodb-dev.tar"  # a MongoDB for tests, which is not ours to hand on


def build(root: Path, carried: Iterable[Path], output: Path) -> Path:
    """Return the artifact, written into `output`: the files that git knows, and those that the role is to carry.

    Raises:
        ReleaseError: Ansible refuses the collection.
    """
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="aen-artifact-") as name:
        tree = Path(name)
        for path in _tracked(root):
            _copy(root / path, tree / path)
        for archive in carried:
            _copy(archive, tree / CARRIED / archive.name)
        galaxy = Path(sys.executable).with_name("ansible-galaxy")
        run([galaxy, "collection", "build", "--force", "--output-path", output.resolve(), "."], tree)
    said = yaml.safe_load((root / "galaxy.yml").read_text(encoding="utf-8"))
    return output / f"{said['namespace']}-{said['name']}-{said['version']}.tar.gz"


def _tracked(root: Path) -> Iterator[Path]:
    for name in run(["git", "ls-files", "-z"], root).split("\0"):
        if name and (root / name).is_file():  # a file that is deleted and not yet committed is no part of it
            yield Path(name)


def archives(wheelhouse: Path, *, development: bool = False) -> list[Path]:
    """Return the files of a wheelhouse that a release carries.

    `development` adds the MongoDB of `aen_mongodb_provider: pip_dev`, for tests on this machine alone.

    Raises:
        ReleaseError: the wheelhouse is not complete.
    """
    wanted = [f"{tier}-cp*.tar" for tier in TIERS] + ([DEVELOPMENT] if development else [])
    found = {pattern: sorted(wheelhouse.glob(pattern)) for pattern in wanted}
    for pattern, files in found.items():
        if not files:
            raise ReleaseError(f"{wheelhouse} has no {pattern}: run `make wheelhouse`")
    every = [archive for files in found.values() for archive in files]
    return [file for archive in every for file in (archive, archive.with_name(f"{archive.name}.sha256"))]


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)
