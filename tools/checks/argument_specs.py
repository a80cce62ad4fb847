# SPDX-License-Identifier: GPL-3.0-or-later
"""Each role's `meta/argument_specs.yml` and `defaults/main.yml` name the same variables with the same defaults.

Ansible uses the default of the file and shows people that of the specification; nothing else keeps the two equal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml


def problems(root: Path) -> Iterator[str]:
    """Yield a sentence for each difference, and for each default of something required or secret."""
    for role in sorted((root / "roles").iterdir()):
        specification = role / "meta" / "argument_specs.yml"
        if not specification.is_file():
            yield f"{role.name}: write meta/argument_specs.yml"
            continue
        defaults_file = role / "defaults" / "main.yml"
        defaults = read(defaults_file) or {} if defaults_file.is_file() else {}
        entry_points = read(specification)["argument_specs"]
        options = {name: spec for point in entry_points.values() for name, spec in (point.get("options") or {}).items()}
        yield from (f"{role.name}: {problem}" for problem in _role(role.name, entry_points, options, defaults))


def read(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    """Return the file's content."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _role(
    role: str, entry_points: Mapping[str, Any], options: Mapping[str, Any], defaults: Mapping[str, Any]
) -> Iterator[str]:
    for name in defaults:
        if name not in options:
            yield f"describe {name} of defaults/main.yml in meta/argument_specs.yml"
    for entry_point, content in entry_points.items():
        for name, spec in (content.get("options") or {}).items():
            yield from (f"{name} ({entry_point}): {problem}" for problem in _option(name, spec, defaults))
            if name not in defaults and "default" in spec and name.startswith(f"{role}_"):
                yield f"{name} ({entry_point}): put its default into defaults/main.yml"


def _option(name: str, spec: Mapping[str, Any], defaults: Mapping[str, Any]) -> Iterator[str]:
    has_default = name in defaults or "default" in spec
    if spec.get("required") and has_default:
        yield "it is required, so take its default away"
    elif spec.get("no_log") and has_default:
        yield "it is a secret, so take its default away"
    elif name in defaults and "default" not in spec:
        yield "write the default of defaults/main.yml here too"
    elif name in defaults and not _same(spec["default"], defaults[name]):
        yield f"its default is {spec['default']!r} here and {defaults[name]!r} in defaults/main.yml; make them equal"


def _same(one: object, other: object) -> bool:
    """Whether two YAML values are equal with their types: true is not 1."""
    return type(one) is type(other) and one == other
