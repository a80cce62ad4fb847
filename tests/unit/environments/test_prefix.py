# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.unit.environments.conftest import MakePrefix, write_record
from wakari.environments.clone import clone
from wakari.environments.errors import EnvironmentsError
from wakari.environments.prefix import describe, is_prefix, list_environments, list_packages
from wakari.environments.verify import verify


def test_packages_come_from_the_records(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    write_record(prefix, "numpy", "2.1", [])
    assert [(package.name, package.version, package.files) for package in list_packages(prefix)] == [
        ("numpy", "2.1", 0),
        ("python", "3.11.2", 5),
    ]


def test_python_and_kernel_are_found(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    # A package whose name begins with python- is not the interpreter.
    write_record(prefix, "python-dateutil", "2.9.0", [])
    assert (describe(prefix).python, describe(prefix).has_kernel) == ("3.11.2", False)
    kernel = prefix / "lib/python3.11/site-packages/ipykernel/__main__.py"
    kernel.parent.mkdir()
    kernel.touch()
    assert describe(prefix).has_kernel


def test_environments_of_several_places(make_prefix: MakePrefix, tmp_path: Path) -> None:
    root = make_prefix()
    make_prefix(root / "envs" / "analysis")
    project = tmp_path / "project"
    make_prefix(project / "envs" / "default")
    make_prefix(project / "envs" / ".broken.partial-1")
    (project / "envs" / "no-environment").mkdir()
    (project / "envs" / "again").symlink_to(project / "envs" / "default")
    found = list_environments([root, project, tmp_path / "missing"])
    assert [(item.name, item.prefix.relative_to(tmp_path).as_posix()) for item in found] == [
        ("root", "root"),
        ("analysis", "root/envs/analysis"),
        ("again", "project/envs/again"),
    ]


def test_linked_records_are_not_a_prefix(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "conda-meta").symlink_to(tmp_path / "elsewhere")
    assert not is_prefix(tmp_path / "p")


def test_broken_record_is_named(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    (prefix / "conda-meta" / "broken-1-0.json").write_text("{")
    with pytest.raises(EnvironmentsError, match=r"broken-1-0\.json"):
        list_packages(prefix)


def test_record_that_is_a_trap_is_refused(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    os.mkfifo(prefix / "conda-meta" / "trap-1-0.json")
    with pytest.raises(EnvironmentsError, match=r"trap-1-0\.json"):
        list_packages(prefix)


@pytest.mark.parametrize("paths", ["text", [1], [{"_path": 1}], [{"_path": "a", "prefix_placeholder": 7}]])
def test_record_of_another_shape_is_refused(make_prefix: MakePrefix, tmp_path: Path, paths: Any) -> None:
    prefix = make_prefix()
    write_record(prefix, "odd", "1", paths)
    with pytest.raises(EnvironmentsError, match="odd"):
        clone(prefix, tmp_path / "clone")


def test_verify_names_what_is_wrong(make_prefix: MakePrefix) -> None:
    prefix = make_prefix()
    (prefix / "kept").write_text("changed")
    write_record(prefix, "pkg", "1", [{"_path": "kept", "sha256": "0" * 64}, {"_path": "gone"}])
    assert verify(prefix) == ["pkg: kept was changed", "pkg: gone is missing"]
