# SPDX-License-Identifier: GPL-3.0-or-later
"""What differs from system to system is data, and every system has all of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROLES = Path(__file__).resolve().parents[3] / "roles"
FAMILIES = {"Debian": "Debian", "Ubuntu": "Debian"}  # ansible_facts['os_family'], of all others RedHat
WITH_DATA = sorted(path.parent.parent.name for path in ROLES.glob("*/vars/platform"))


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


COMMON = read(ROLES / "aen_common" / "vars" / "main.yml")


def found(role: str, platform: str) -> Path:
    """Return the file that `__aen_common_platform_files` finds first."""
    distribution, version = platform.split()
    names = (f"{distribution}-{version}", FAMILIES.get(distribution, "RedHat"))
    return next(file for name in names if (file := ROLES / role / "vars" / "platform" / f"{name}.yml").is_file())


@pytest.mark.parametrize("platform", COMMON["__aen_common_platforms"])
@pytest.mark.parametrize("role", WITH_DATA)
def test_every_platform_has_every_variable_of_a_role(role: str, platform: str) -> None:
    known = set().union(*(read(file) for file in (ROLES / role / "vars" / "platform").iterdir()))
    assert set(read(found(role, platform))) == known
    assert not known & set(read(ROLES / role / "vars" / "main.yml"))


def test_the_files_are_looked_for_as_here() -> None:
    exact, family = COMMON["__aen_common_platform_files"]
    assert "distribution_major_version" in exact
    assert "os_family" in family
    for role in WITH_DATA:
        assert "__aen_common_platform_files" in (ROLES / role / "tasks" / "main.yml").read_text(encoding="utf-8")


def test_every_file_is_found_by_some_platform() -> None:
    reached = {found(role, platform) for role in WITH_DATA for platform in COMMON["__aen_common_platforms"]}
    assert reached == set(ROLES.glob("*/vars/platform/*.yml"))


def test_tasks_know_no_system_by_name() -> None:
    for file in ROLES.glob("*/tasks/*.yml"):
        text = file.read_text(encoding="utf-8")
        assert "os_family" not in text, file
        assert "ansible.builtin.apt:\n" not in text, file


@pytest.mark.parametrize("role", WITH_DATA)
def test_no_result_of_a_task_takes_the_name_of_data(role: str) -> None:
    """What a task registers hides the variables of the role from then on."""
    data = set().union(*(read(file) for file in (ROLES / role / "vars").rglob("*.yml")))
    tasks = "\n".join(file.read_text(encoding="utf-8") for file in (ROLES / role).glob("*/*.yml"))
    assert data.isdisjoint(re.findall(r"register: (\w+)", tasks))
