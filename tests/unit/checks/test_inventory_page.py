# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of the page on inventories compares it with the roles."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tools.checks.inventory_page import PAGE, problems

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of what the check reads."""
    for path in ROOT.glob("roles/*/meta/argument_specs.yml"):
        (tmp_path / path.relative_to(ROOT)).parent.mkdir(parents=True)
        shutil.copy(path, tmp_path / path.relative_to(ROOT))
    shutil.copytree(ROOT / "playbooks", tmp_path / "playbooks")
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / PAGE, tmp_path / PAGE)
    return tmp_path


def edit(checkout: Path, old: str, new: str) -> None:
    text = (checkout / PAGE).read_text()
    (checkout / PAGE).write_text(text.replace(old, new))


def test_the_page_is_good(checkout: Path) -> None:
    assert list(problems(checkout)) == []


def test_a_variable_that_must_be_set_is_missed(checkout: Path) -> None:
    edit(checkout, "aen_gateway_data_center", "the name")
    edit(checkout, "aen_conda_installer_sha256", "the hash")
    assert [problem.split(":")[1] for problem in problems(checkout)] == [
        " tell of aen_conda_installer_sha256, which must be set",
        " tell of aen_gateway_data_center, which must be set",
    ]


def test_a_variable_that_is_gone_is_found(checkout: Path) -> None:
    edit(checkout, "aen_compute_name", "aen_compute_label")
    assert list(problems(checkout)) == ["docs/inventory.md: correct or remove aen_compute_label, which no role has"]
