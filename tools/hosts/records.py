# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on disk about each host. A record is written whole or not at all; one that cannot be read counts as none."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import TYPE_CHECKING

from tools.hosts.errors import LabError
from tools.hosts.settings import HostSpec

if TYPE_CHECKING:
    from pathlib import Path

    from tools.hosts.settings import Lab


def folder(lab: Lab, name: str) -> Path:
    """The host's folder, there or not."""
    return lab.hosts / name


def record_path(lab: Lab, name: str) -> Path:
    """The file whose presence says that the host's disk is complete."""
    return folder(lab, name) / "host.json"


def write(lab: Lab, spec: HostSpec) -> None:
    """Record that the host's disk is complete."""
    replace_file(record_path(lab, spec.name), json.dumps(dataclasses.asdict(spec)) + "\n")


def read(lab: Lab, name: str) -> HostSpec | None:
    """The host's record; None when there is none that can be read."""
    try:
        values = json.loads(record_path(lab, name).read_text(encoding="utf-8"))
        spec = HostSpec(**values)
        lab.address(int(spec.octet))
    except (OSError, ValueError, TypeError, LabError):
        return None
    return spec if spec.name == name else None


def names(lab: Lab) -> list[str]:
    """Names of all host folders, whole or not."""
    return sorted(path.name for path in lab.hosts.iterdir()) if lab.hosts.is_dir() else []


def specs(lab: Lab) -> dict[str, HostSpec]:
    """The hosts with a readable record, by name."""
    return {name: spec for name in names(lab) if (spec := read(lab, name))}


def replace_file(path: Path, text: str, mode: int = 0o644) -> None:
    """Put a file in place at once, never following a link that stands there."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)
    part.chmod(mode)
    part.replace(path)
