# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Debian packages the roles ask for, read from their tasks: a bundle has what a run will want."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

PACKAGE = "ansible.builtin.package"
NOT_DEBIANS = frozenset({"mongodb-org-server"})  # comes from MongoDB's repository, or with `--packages`
ALWAYS = frozenset({"python3-apt"})  # Ansible's own module asks for it where it is missing
_VARIABLE = re.compile(r"\b__aen_\w+")


def packages(root: Path) -> set[str]:
    """Return the names of all packages that a task of a role may install."""
    found = set(ALWAYS)
    for role in sorted((root / "roles").iterdir()):
        files = (role / "vars" / "main.yml", role / "vars" / "platform" / "Debian.yml")
        variables = {name: value for file in files for name, value in (_yaml(file) or {}).items()}
        for file in sorted((role / "tasks").glob("*.yml")):
            for name in _names(_yaml(file)):
                found |= _resolved(name, variables)
    return found - NOT_DEBIANS


def _names(tasks: Any) -> Iterator[Any]:  # noqa: ANN401 - whatever the file holds
    for task in tasks or []:
        if PACKAGE in task:
            yield task[PACKAGE].get("name", [])
        yield from _names([inner for part in ("block", "rescue", "always") for inner in task.get(part, [])])


def _resolved(name: Any, variables: dict[str, Any]) -> set[str]:  # noqa: ANN401 - text or list
    """Return the packages of a `name:`; of a template all that its variables could give."""
    if isinstance(name, str) and "{{" in name:
        return {one for variable in _VARIABLE.findall(name) for one in _flat(variables.get(variable, []))}
    return set(_flat(name))


def _flat(value: Any) -> Iterator[str]:  # noqa: ANN401 - text, list or mapping
    if isinstance(value, str):
        yield value
    else:
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _flat(inner)


def _yaml(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
