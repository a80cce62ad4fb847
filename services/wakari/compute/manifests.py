# SPDX-License-Identifier: GPL-3.0-or-later
"""App manifests, `etc/wakari/apps/<name>.json`: the fields of the original, with a Unix socket instead of a port."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from wakari.core import names
from wakari.core.errors import AppError
from wakari.core.messages import AppName
from wakari.core.settings import Settings, SettingsError, build, read_files

# What may stand in a command or a value of the environment, as %(name)s.
PLACEHOLDERS = frozenset(
    {"socket", "urlPrefix", "projectHome", "projectEnv", "runtimeDir", "owner", "project", "user", "home"}
    | {"anaconda", "prefix", "server", "cdn"}
)
_PLACEHOLDER = re.compile(r"%\(([^)]*)\)s|%")


class Manifest(Settings):
    """One app. `permission` is the least level on the project that may open it."""

    name: AppName
    title: str = Field(min_length=1, max_length=60)
    full_name: str = Field(default="", max_length=120)
    icon: str = Field(default="", max_length=200)
    enabled: bool = True
    command_list: tuple[str, ...] = Field(min_length=1)
    permission: Literal["read", "write", "admin"] = "write"
    scopes: tuple[str, ...] = ()
    environment: Mapping[str, str] = Field(default_factory=dict)
    # Address asked, below the URL prefix, to learn whether the app answers.
    ready_path: str = Field(default="", pattern=r"^[A-Za-z0-9/._-]*$")
    # How the node learns whether somebody uses it: by Jupyter's REST API besides traffic, processor and terminals.
    activity: Literal["jupyter", "traffic"] = "traffic"
    # Seconds without activity after which it is stopped, where it differs from the node's; 0: never.
    idle_timeout: float | None = Field(default=None, ge=0, le=315360000)

    @field_validator("command_list")
    @classmethod
    def _known_words(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for word in value:
            _check(word)
        if not value[0].startswith(("/", "%(anaconda)s/", "%(prefix)s/")):
            raise ValueError("the program must be named by an absolute path")
        return value

    @field_validator("environment")
    @classmethod
    def _known_values(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for key, text in value.items():
            if not re.fullmatch(r"[A-Z][A-Z0-9_]*", key) or key.startswith("LD_"):
                raise ValueError(f"{key!r} is no name for a variable of the environment")
            _check(text)
        return value

    def command(self, values: Mapping[str, str]) -> list[str]:
        """Return the argument list with its placeholders filled in."""
        return [_fill(word, values) for word in self.command_list]

    def variables(self, values: Mapping[str, str]) -> dict[str, str]:
        """Return the variables of the environment with their placeholders filled in."""
        return {key: _fill(text, values) for key, text in self.environment.items()}


def read(folder: Path, name: str) -> Manifest:
    """Return the manifest of an enabled app.

    Raises:
        AppError: `app_unknown` (404) where there is none, or it is not enabled.
        SettingsError: the file breaks the schema.
    """
    path = folder / f"{names.app_name(name)}.json"
    if not path.is_file():
        raise _unknown(name)
    manifest = build(Manifest, read_files([path]))
    if manifest.name != name:
        raise SettingsError(f"{path}: the name in it is {manifest.name!r}. Rename the file or correct the name.")
    if not manifest.enabled:
        raise _unknown(name)
    return manifest


def read_all(folder: Path) -> tuple[list[Manifest], list[str]]:
    """Return the manifests of enabled apps by name, and what is wrong with each that cannot be used."""
    found: list[Manifest] = []
    wrong: list[str] = []
    for path in sorted(folder.glob("*.json")):
        try:
            found.append(read(folder, path.stem))
        except SettingsError as error:
            wrong.append(str(error))
        except AppError as error:
            if error.code != "app_unknown":
                wrong.append(f"{path}: {error.message}")
    return found, wrong


def _unknown(name: str) -> AppError:
    return AppError("app_unknown", f"This node offers no app {name!r}.", hint="Open an app of the list.", status=404)


def _check(text: str) -> None:
    for match in _PLACEHOLDER.finditer(text):
        if match[1] == "port":
            raise ValueError("%(port)s: apps listen on a Unix socket here; use %(socket)s")
        if match[1] not in PLACEHOLDERS:
            known = ", ".join(f"%({one})s" for one in sorted(PLACEHOLDERS))
            raise ValueError(f"unknown placeholder {match[0]!r} in {text!r}; use one of {known}")


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text)
