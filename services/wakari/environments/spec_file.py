# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that describe an environment: environment.yml, an explicit lock, or one package a line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from wakari.environments.errors import EnvironmentsError

EXPLICIT = "@EXPLICIT"
_MAX_SIZE = 10 << 20  # bytes
# conda's form: address of a package, `#`, and its hash; `sha256:` may be left out.
_LOCKED = re.compile(r"(\S+://\S+/[^/\s#]+\.(?:conda|tar\.bz2))#(?:sha256:)?([0-9a-f]{64})", re.ASCII)


@dataclass(frozen=True)
class SpecFile:
    """What a file asks for; `locked` are addresses with `#sha256:<hex>`, then no solver is asked."""

    name: str = ""
    channels: tuple[str, ...] = ()
    specs: tuple[str, ...] = ()
    pip: tuple[str, ...] = ()
    locked: tuple[str, ...] = ()


def read(file: Path) -> SpecFile:
    """What the file asks for.

    Raises:
        EnvironmentsError: `bad_request` for a file that cannot be used (the message says where).
    """
    try:
        with file.open("rb") as stream:
            text = stream.read(_MAX_SIZE).decode()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise EnvironmentsError("bad_request", f"{file} cannot be read: {reason}.") from error
    lines = [line.strip() for line in text.splitlines()]
    if EXPLICIT in lines:
        return _locked(file, lines)
    if file.suffix in (".yml", ".yaml"):
        return _environment(file, text)
    return SpecFile(specs=tuple(line for line in lines if line and not line.startswith("#")))


def _locked(file: Path, lines: list[str]) -> SpecFile:
    locked = []
    for number, line in enumerate(lines, 1):
        if not line or line.startswith("#") or line == EXPLICIT:
            continue
        found = _LOCKED.fullmatch(line)
        if found is None:
            raise EnvironmentsError(
                "bad_request",
                f"{file}, line {number}: {line!r} is not an address of a package with its sha256.",
                hint="Write the lock with `wk-environment export`, or with `conda list --explicit --sha256`.",
            )
        locked.append(f"{found[1]}#sha256:{found[2]}")
    return SpecFile(locked=tuple(locked))


def _environment(file: Path, text: str) -> SpecFile:
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError) as error:
        raise EnvironmentsError("bad_request", f"{file} is not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise _wrong(file, "the file", "keys with values")
    specs: list[str] = []
    pip: list[str] = []
    for item in _list(file, content, "dependencies"):
        if isinstance(item, str):
            specs.append(item)
        elif isinstance(item, dict) and set(item) == {"pip"}:
            pip += [str(word) for word in _list(file, item, "pip")]
        else:
            raise _wrong(file, "dependencies", "packages, and `pip:` with packages")
    channels = [str(name) for name in _list(file, content, "channels") if name != "nodefaults"]
    return SpecFile(str(content.get("name") or ""), tuple(channels), tuple(specs), tuple(pip))


def _list(file: Path, content: dict[str, Any], key: str) -> list[Any]:
    value = content.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _wrong(file, key, "a list")
    return value


def _wrong(file: Path, key: str, wanted: str) -> EnvironmentsError:
    return EnvironmentsError("bad_request", f"{file}: {key} must be {wanted}.", hint="Correct the file.")
