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


def aside(tmp_path: Path) -> Path:
    folder = tmp_path / "aside"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def test_what_names_the_former_place_names_the_new_one(make_prefix: MakePrefix, tmp_path: Path) -> None:
    old, new = moved(make_prefix, tmp_path)
    site = new / "lib/python3.11/site-packages"
    (site / "own.pth").write_text(f"{old}/src\n")
    (site / "notes.txt").write_text(f"{old}/src\n")  # nobody wrote it to be found: it is a person's
    size = (new / "lib/lib.so").stat().st_size
    assert relocate(new, old, new, aside(tmp_path)) == 5
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
    relocate(new, old, new, aside(tmp_path))
    (new / "bin/.wakari-moving-01234567").write_text("half")
    assert relocate(new, old, new, aside(tmp_path)) == 0
    assert not (new / "bin/.wakari-moving-01234567").exists()


def test_a_file_with_other_names_is_left_alone(make_prefix: MakePrefix, tmp_path: Path) -> None:
    old, new = moved(make_prefix, tmp_path)
    os.link(new / "lib/config.sh", tmp_path / "elsewhere")
    relocate(new, old, new, aside(tmp_path))
    assert (tmp_path / "elsewhere").read_text() == f"PREFIX={old}\n"


def test_a_path_that_is_too_long_for_a_program_is_told(make_prefix: MakePrefix, tmp_path: Path) -> None:
    old, new = moved(make_prefix, tmp_path)
    longer = Path("/" + "x" * (len(PLACEHOLDER) + 1))
    with pytest.raises(EnvironmentsError) as caught:
        relocate(new, old, longer, aside(tmp_path))
    assert caught.value.code == "prefix_too_long"


@pytest.mark.root
def test_whoever_stands_in_it_gets_no_shared_file_for_a_link(
    make_prefix: MakePrefix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = moved(make_prefix, tmp_path)
    shared = tmp_path / "of-the-root-distribution"
    shared.write_text("shared")
    os.link(shared, new / "bin/mine")
    os.chown(new / "bin/abs", 20000, 20000, follow_symlinks=False)
    link = os.symlink

    def and_exchange(target: str, name: str, *, dir_fd: int | None = None) -> None:
        link(target, name, dir_fd=dir_fd)
        # A member, from a shell that stands in bin/: right after the link was made it is another file.
        if os.path.lexists(new / "bin" / name):
            (new / "bin/mine").rename(new / "bin" / name)

    monkeypatch.setattr(os, "symlink", and_exchange)
    relocate(new, old, new, aside(tmp_path))
    assert shared.stat().st_uid == 0
    assert (new / "bin/abs").readlink() == new / "bin/python3.11"
    assert (new / "bin/abs").lstat().st_uid == 20000
    assert list(aside(tmp_path).iterdir()) == []


def test_a_folder_aside_that_others_can_reach_is_refused(make_prefix: MakePrefix, tmp_path: Path) -> None:
    old, new = moved(make_prefix, tmp_path)
    aside(tmp_path).chmod(0o711)
    with pytest.raises(EnvironmentsError) as caught:
        relocate(new, old, new, aside(tmp_path))
    assert caught.value.code == "unsafe_path"
    assert (new / "bin/abs").readlink() == old / "bin/python3.11"
