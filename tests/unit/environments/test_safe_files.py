# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

import pytest

from wakari.environments.errors import EnvironmentsError
from wakari.environments.safe_files import create_regular, directory, directory_at, open_regular


def test_own_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "real" / "below").mkdir(parents=True)
    (tmp_path / "relative").symlink_to("real/../real")
    (tmp_path / "absolute").symlink_to(tmp_path / "relative")
    with directory_at(tmp_path / "absolute" / "below") as descriptor:
        assert os.fstat(descriptor).st_ino == (tmp_path / "real" / "below").stat().st_ino


def test_links_of_other_users_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    if os.geteuid() == 0:
        os.chown(tmp_path / "link", 65534, 65534, follow_symlinks=False)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 65534)
    with pytest.raises(EnvironmentsError) as refused, directory_at(tmp_path / "link"):
        pass
    assert refused.value.code == "unsafe_path"


def test_circle_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(EnvironmentsError), directory_at(tmp_path / "a"):
        pass


@pytest.mark.parametrize("path", ["relative", "/tmp/../etc"])
def test_path_must_say_where_it_is(path: str) -> None:
    with pytest.raises(EnvironmentsError, match="absolute"), directory_at(Path(path)):
        pass


def test_no_name_is_followed(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dir").mkdir()
    (tmp_path / "dirlink").symlink_to("dir")
    with directory_at(tmp_path) as here:
        with pytest.raises(OSError, match="symbolic links"):
            open_regular("link", within=here)
        with pytest.raises(FileExistsError):
            create_regular("link", within=here)
        with pytest.raises(NotADirectoryError), directory("dirlink", within=here):
            pass
        with pytest.raises(EnvironmentsError, match="regular"):
            open_regular("dir", within=here)
