# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes down what an environment consists of, so that it can be made again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from wakari.environments.errors import EnvironmentsError
from wakari.environments.prefix import read_records, require_prefix
from wakari.environments.spec_file import EXPLICIT

_NAME = re.compile(r"[-_.]+")
_METADATA_LINES = 30  # name and version are among the first


@dataclass(frozen=True)
class Export:
    """The text, and the `name==version` of what pip installed, which an explicit lock cannot hold."""

    text: str
    pip: tuple[str, ...]


def explicit(prefix: Path) -> Export:
    """An explicit lock: the address and sha256 of each package, as conda and `wk-environment create --file` read it.

    Raises:
        EnvironmentsError: `not_an_environment`, `broken_environment`, or `no_hash` for a package without a sha256.
    """
    require_prefix(prefix)
    lines = ["# platform: linux-64", EXPLICIT]
    for record in read_records(prefix):
        url, sha256 = record.get("url"), record.get("sha256")
        if not (isinstance(url, str) and "://" in url and isinstance(sha256, str) and sha256):
            raise EnvironmentsError(
                "no_hash",
                f"{record['name']} of {prefix} has no address or no sha256 in its record.",
                hint="Use --format yaml, or make the environment again from a channel that has them.",
            )
        lines.append(f"{url}#sha256:{sha256}")
    return Export("\n".join(lines) + "\n", tuple(pip_installed(prefix)))


def environment(prefix: Path, name: str) -> Export:
    """An environment.yml: versions and builds by conda, versions of what pip installed. Raises as `explicit`."""
    require_prefix(prefix)
    records = list(read_records(prefix))
    pip = list(pip_installed(prefix))
    dependencies: list[Any] = [f"{one['name']}={one.get('version')}={one.get('build')}" for one in records]
    if pip:
        dependencies.append({"pip": pip})
    channels = list(dict.fromkeys(str(one["channel"]) for one in records if one.get("channel")))
    content = {"name": name, "channels": channels, "dependencies": dependencies}
    return Export(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), tuple(pip))


def pip_installed(prefix: Path) -> Iterator[str]:
    """The `name==version` of each Python package that no record of conda's accounts for, by name."""
    of_conda = {_normalized(str(record["name"])) for record in read_records(prefix)}
    owned = {path for record in read_records(prefix) for path in record.get("files", []) if isinstance(path, str)}
    found: dict[str, str] = {}
    for metadata in prefix.glob("lib/python3*/site-packages/*.dist-info/METADATA"):
        if str(metadata.relative_to(prefix)) in owned:
            continue
        name, version = _name_and_version(metadata)
        if name and (owned or _normalized(name) not in of_conda):
            found[_normalized(name)] = f"{name}=={version}"
    yield from (found[name] for name in sorted(found))


def _name_and_version(metadata: Path) -> tuple[str, str]:
    values = {"Name": "", "Version": ""}
    try:
        with metadata.open(encoding="utf-8", errors="replace") as lines:
            for _, line in zip(range(_METADATA_LINES), lines, strict=False):
                key, _, value = line.partition(":")
                if key in values:
                    values[key] = values[key] or value.strip()
    except OSError:
        return "", ""
    return values["Name"], values["Version"]


def _normalized(name: str) -> str:
    return _NAME.sub("-", name).lower()  # PEP 503
