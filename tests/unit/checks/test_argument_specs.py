# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of roles' argument specifications finds every way in which they leave the defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tools.checks.argument_specs import problems


def role(root: Path, options: dict[str, Any], defaults: dict[str, Any], entry_point: str = "main") -> None:
    for name, content in (
        ("meta/argument_specs.yml", {"argument_specs": {entry_point: {"options": options}}}),
        ("defaults/main.yml", defaults),
    ):
        path = root / "roles" / "aen_x" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content))


@pytest.mark.parametrize(
    ("options", "defaults", "said"),
    [
        ({"aen_x_a": {"default": 1}}, {"aen_x_a": 1}, ""),
        ({"aen_x_a": {"required": True}}, {}, ""),
        ({"aen_x_a": {}}, {}, ""),
        ({}, {"aen_x_a": 1}, "describe aen_x_a"),
        ({"aen_x_a": {}}, {"aen_x_a": 1}, "write the default of defaults/main.yml here too"),
        ({"aen_x_a": {"default": 1}}, {}, "put its default into defaults/main.yml"),
        ({"aen_x_a": {"default": 1}}, {"aen_x_a": 2}, "its default is 1 here and 2 in"),
        ({"aen_x_a": {"default": True}}, {"aen_x_a": 1}, "its default is True here and 1 in"),
        ({"aen_x_a": {"required": True}}, {"aen_x_a": 1}, "it is required"),
        ({"aen_x_a": {"no_log": True, "default": "x"}}, {"aen_x_a": "x"}, "it is a secret"),
    ],
)
@pytest.mark.parametrize("entry_point", ["main", "other"])
def test_a_difference_is_found(
    tmp_path: Path, options: dict[str, Any], defaults: dict[str, Any], said: str, entry_point: str
) -> None:
    role(tmp_path, options, defaults, entry_point)
    found = list(problems(tmp_path))
    assert len(found) == (1 if said else 0)
    assert said in "".join(found)


def test_a_role_without_a_specification_is_found(tmp_path: Path) -> None:
    (tmp_path / "roles" / "aen_x").mkdir(parents=True)
    assert list(problems(tmp_path)) == ["aen_x: write meta/argument_specs.yml"]
