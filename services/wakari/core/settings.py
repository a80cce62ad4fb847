# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings files: JSON, several in order, the last that sets an option wins (specification, "Compute processes")."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

log = logging.getLogger(__name__)


class SettingsError(Exception):
    """A settings file that cannot be used; the message names the file, the key and what to do."""


class Settings(BaseModel):
    """Base of each tier's settings: frozen, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


S = TypeVar("S", bound=Settings)


@dataclass(frozen=True)
class Loaded:
    """What the files said: the merged values, and for each key the file that set it last."""

    values: dict[str, Any]
    origins: dict[str, Path]
    files: tuple[Path, ...]


def read_files(paths: Iterable[Path], required: Iterable[Path] = ()) -> Loaded:
    """Return the merged content of the files that exist, in order.

    Raises:
        SettingsError: a required file is missing, or a file is not a JSON object.
    """
    needed = set(required)
    values: dict[str, Any] = {}
    origins: dict[str, Path] = {}
    files: list[Path] = []
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            if path in needed:
                raise SettingsError(f"{path}: no such file. Give an existing file, or leave the option out.") from None
            continue
        except OSError as error:
            raise SettingsError(f"{path}: cannot be read ({error.strerror}).") from error
        for key, value in _object(path, text).items():
            values[key] = value
            origins[key] = path
        files.append(path)
        log.info("loaded configuration", extra={"file": str(path)})
    return Loaded(values, origins, tuple(files))


def build(kind: type[S], loaded: Loaded) -> S:
    """Return the settings; raise SettingsError naming the file and the key where one is unknown or of a wrong type."""
    for name, field in kind.model_fields.items():
        if field.alias not in {None, name} and name in loaded.values:
            origin = loaded.origins.get(name)
            raise SettingsError(f"{origin}: unknown key {name!r}. Write {field.alias!r}.")
    try:
        return kind.model_validate(loaded.values)
    except ValidationError as error:
        raise SettingsError("\n".join(_say(loaded, dict(item)) for item in error.errors())) from error


def _say(loaded: Loaded, item: Mapping[str, Any]) -> str:
    where = item["loc"]
    key = ".".join(str(part) for part in where)
    origin = loaded.origins.get(str(where[0]) if where else "", None)
    files = ", ".join(map(str, loaded.files)) or "no settings file"
    if item["type"] == "missing":
        return f"{files}: the key {key!r} is missing. Add it."
    if item["type"] == "extra_forbidden":
        return f"{origin}: unknown key {key!r}. Correct its spelling or remove it."
    return f"{origin or files}: {key!r}: {item['msg']}."


def _object(path: Path, text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError as error:
        raise SettingsError(f"{path}: not valid JSON: {error}.") from error
    if not isinstance(content, dict):
        raise SettingsError(f"{path}: a settings file holds one JSON object.")
    return content
