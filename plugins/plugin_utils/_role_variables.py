# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the collection's roles, read from their argument specifications and playbooks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from ..module_utils._inventory import Known, Option  # noqa: TID252 - so that it is found wherever the collection is

COLLECTION = Path(__file__).resolve().parents[2]


def known(collection: Path = COLLECTION) -> Known:
    """Return every variable of the roles and playbooks.

    Where several roles have one, the role whose prefix it carries describes it.
    What a playbook sets, and what only other entry points than `main` require, is internal.
    """
    options: dict[str, Option] = {}
    internal = set(_set_by_playbooks(collection))
    for role, entry_points in _specs(collection):
        for entry_point, options_of in entry_points:
            for name, spec in options_of.items():
                if entry_point != "main" and spec.get("required"):
                    internal.add(name)
                elif name not in options or name.startswith(f"{role}_") or "default" in spec:
                    options[name] = Option(
                        name=name,
                        role=role,
                        type=spec.get("type", "str"),
                        choices=tuple(spec.get("choices", ())),
                        required=bool(spec.get("required")),
                    )
    for name, spec in _of_playbooks(collection).items():
        options[name] = Option(name=name, role="", type=spec["type"], choices=(), required=False)
    return Known({name: option for name, option in options.items() if name not in internal}, frozenset(internal))


def defaults(role: str, collection: Path = COLLECTION) -> dict[str, Any]:
    """Return the variables of a role's defaults, {} where it has none. Templates in them are plain text."""
    path = collection / "roles" / role / "defaults" / "main.yml"
    return dict(_yaml(path) or {}) if path.is_file() else {}


def internals(role: str, collection: Path = COLLECTION) -> dict[str, Any]:
    """Return the variables that a role keeps for itself (vars/main.yml), {} where it has none."""
    path = collection / "roles" / role / "vars" / "main.yml"
    return dict(_yaml(path) or {}) if path.is_file() else {}


def _specs(collection: Path) -> Iterator[tuple[str, list[tuple[str, Mapping[str, Any]]]]]:
    for path in sorted((collection / "roles").glob("*/meta/argument_specs.yml")):
        entry_points = _yaml(path)["argument_specs"]
        yield path.parents[1].name, [(name, spec.get("options") or {}) for name, spec in entry_points.items()]


def _of_playbooks(collection: Path) -> Mapping[str, Mapping[str, Any]]:
    """Return the variables that playbooks read and no role has."""
    path = collection / "playbooks" / "vars" / "variables.yml"
    return dict(_yaml(path) or {}) if path.is_file() else {}


def _set_by_playbooks(collection: Path) -> Iterator[str]:
    for path in sorted((collection / "playbooks").glob("*.yml")):
        for play in _yaml(path) or []:
            yield from (name for name in play.get("vars") or {} if name.startswith("aen_"))


def _yaml(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    return yaml.safe_load(path.read_text(encoding="utf-8"))
