# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.unit.environments.conftest import PLACEHOLDER, MakePrefix
from wakari.environments.errors import EnvironmentsError
from wakari.environments.moving import relocate


def moved(make_prefix: MakePrefix, tmp_path: Path) -> tuple[Path, Path]:
    old, new = tmp_path / "alice/p1/envs/default", tmp_path / "robert/p1/envs/default"
    make_prefix(old)
    new.parent.mkdir(parents=True)
    old.rename(new)
    return old, new


def test_what_names_the_former_place_names_the_new_one(make_prefix: MakePrefix, tmp_path: Path) -> None:
    old, new = moved(make_prefix, tmp_path)
    site = new / "lib/python3.11/site-packages"
    (site / "own.pth").write_text(f"{old}/src\n")
    (site / "notes.txt").write_text(f"{old}/src\n")  # nobody wrote it to be found: it is a person's
    size = (new / "lib/lib.so").stat().st_size
    assert relocate(new, old, new) == 5
    assert (new / "bin/tool").read_text() == f"#!{new}/bin/python\nprint('{new}/share', '{old}-old')\n"
    assert (new / "bin/tool").stat().st_mode & 0o777 == 0o755
    assert (new / "lib/config.sh").read_text() == f"PREFIX={new}\n"
    assert (new / "lib/lib.so").read_bytes().startswith(b"A\0" + f"{new}/lib".encode() + b"\0")
    assert (new / "lib/lib.so").stat().st_size == size
    assert (new / "bin/abs").readlink() == new / "bin/python3.11"
    assert (new / "bin/outside").readlink() == Path("/etc/hostname")
    assert (site / "own.pth").read_text() == f"{new}/src\n"
    assert str(old) in (site / "notes.txt").read_text()


def test_a_second_run_changes_nothing_and_clears_up(make_prefix: MakePrefix, tmp_path: Path) -> None:
    old, new = moved(make_prefix, tmp_path)
    relocate(new, old, new)
    (new / "bin/.wakari-moving-01234567").write_text("half")
    assert relocate(new, old, new) == 0
    assert not (new / "bin/.wakari-moving-01234567").exists()


def test_a_file_with_other_names_is_left_alone(make_prefix: MakePrefix, tmp_path: Path) -> None:
    old, new = moved(make_prefix, tmp_path)
    os.link(new / "lib/config.sh", tmp_path / "elsewhere")
    relocate(new, old, new)
    assert (tmp_path / "elsewhere").read_text() == f"PREFIX={old}\n"


def test_a_path_that_is_too_long_for_a_program_is_told(make_prefix: MakePrefix, tmp_path: Path) -> None:
    old, new = moved(make_prefix, tmp_path)
    longer = Path("/" + "x" * (len(PLACEHOLDER) + 1))
    with pytest.raises(EnvironmentsError) as caught:
        relocate(new, old, longer)
    assert caught.value.code == "prefix_too_long"
