# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.unit.environments.conftest import MakePrefix
from wakari.environments.errors import EnvironmentsError
from wakari.environments.places import Places, of_caller


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(
        anaconda=tmp_path / "anaconda",
        project_root=tmp_path / "projects",
        home=tmp_path / "home",
        project=tmp_path / "projects/alice/p1",
        active=None,
    )


def test_the_nearest_place_wins(places: Places, make_prefix: MakePrefix) -> None:
    for folder in (places.anaconda / "envs", places.home / ".conda/envs", places.home / "envs"):
        make_prefix(folder / "a")
    assert places.find("a") == places.home / "envs/a"
    assert places.project
    make_prefix(places.project / "envs/a")
    assert places.find("a") == places.project / "envs/a"


def test_root_another_project_and_paths(places: Places, make_prefix: MakePrefix) -> None:
    make_prefix(places.anaconda)
    other = make_prefix(places.project_root / "bob/p10/envs/b")
    assert places.find("root") == places.find("base") == places.anaconda
    assert places.find("bob/p10:b") == places.find(str(other)) == other


@pytest.mark.parametrize("text", ["../../bob:x", "bob/..:x", "bob/p10:..", "a b", "-n", "", "é", ".hidden", "x" * 65])
def test_names_that_cannot_be(places: Places, text: str) -> None:
    with pytest.raises(EnvironmentsError) as refused:
        places.find(text)
    assert refused.value.code in {"bad_request", "not_an_environment"}
    assert refused.value.exit_status in {2, 8}


def test_a_missing_environment_says_where_it_was_looked_for(places: Places) -> None:
    with pytest.raises(EnvironmentsError, match=r"p1/envs.*home/envs.*anaconda/envs"):
        places.find("none")


def test_a_new_one_goes_into_the_project_or_the_home(places: Places) -> None:
    assert places.new("a") == places.project_root / "alice/p1/envs/a"
    assert places.new("a", in_home=True) == places.home / "envs/a"
    with pytest.raises(EnvironmentsError, match="not in a project"):
        dataclasses.replace(places, project=None).new("a")
    with pytest.raises(EnvironmentsError, match="cannot be the name"):
        places.new("root")


def test_the_project_is_known_by_the_environment_or_the_folder(tmp_path: Path) -> None:
    project = tmp_path / "projects/alice/p1"
    named = of_caller({"WAKARI_PROJECT_HOME": str(project), "HOME": "/home/alice"})
    assert (named.project, named.project_root, named.active) == (
        project,
        tmp_path / "projects",
        project / "envs/default",
    )
    over_ssh = of_caller({"HOME": "/home/alice"}, here=Path("/projects/alice/p1/data"))
    assert over_ssh.project == Path("/projects/alice/p1")
    for elsewhere in ("/home/alice", "/projects", "/projects/alice", "/projects10/alice/p1"):
        assert of_caller({"HOME": "/home/alice"}, here=Path(elsewhere)).project is None


def test_files_are_shared_within_a_project_only(places: Places) -> None:
    assert places.project
    envs = places.project / "envs"
    assert places.share_files(envs / "a", envs / "b")
    assert not places.share_files(envs / "a", places.home / "envs/b")
    assert not places.share_files(places.home / "envs/b", envs / "a")
    assert places.share_files(places.home / "envs/a", places.home / ".conda/envs/b")
    assert not places.share_files(places.project_root / "alice/p10/envs/a", envs / "b")


def test_unpacked_packages_are_kept_beside_the_environments_that_use_them(places: Places) -> None:
    other = places.project_root / "bob/p10"
    assert places.cache(other / "envs/a") == other / "envs/.pkgs"  # whoever asks, from wherever
    assert dataclasses.replace(places, project=None).cache(other / "envs/a") == other / "envs/.pkgs"
    assert places.cache(places.home / "envs/a") == places.home / ".conda/pkgs"
    assert places.cache(Path("/opt/x")) == Path("/opt/x/pkgs")
