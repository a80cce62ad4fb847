# SPDX-License-Identifier: GPL-3.0-or-later
"""The environments a person could choose from: the project's, those of the root distribution, and their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wakari.core import names
from wakari.core.errors import BadInputError


@dataclass(frozen=True)
class Environment:
    """An environment on disk. `usable`: it can become the project's active one; `note` says how, or why not."""

    name: str
    place: str
    path: Path
    usable: bool
    note: str = ""


def found(project: Path, anaconda: Path, home: Path) -> list[Environment]:
    """Return the environments, the project's first. One of the root distribution is copied into the project."""
    own = [Environment(path.name, "project", path, usable=True) for path in _below(project / "envs")]
    taken = {one.name for one in own}
    copied = "copied into the project when it is started next"
    roots = [
        Environment(path.name, "root", path, usable=True, note=copied)
        for path in _below(anaconda / "envs")
        if path.name not in taken
    ]
    private = "yours alone: the team cannot read it. Clone it into the project with wk-environment"
    homes = [
        Environment(path.name, "home", path, usable=False, note=private)
        for folder in (home / "envs", home / ".conda/envs")
        for path in _below(folder)
    ]
    return [*own, *roots, *homes]


def _below(folder: Path) -> Iterator[Path]:
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return
    for path in paths:
        try:
            names.node_name(path.name)
            if (path / "conda-meta").is_dir():
                yield path
        except (BadInputError, OSError):
            continue
