# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.environments.conftest import MakePrefix
from wakari.environments.create import UNFINISHED
from wakari.environments.errors import EnvironmentsError
from wakari.environments.places import Places
from wakari.environments.removal import remove


@pytest.fixture
def places(tmp_path: Path, make_prefix: MakePrefix) -> Places:
    project = tmp_path / "projects/alice/p1"
    for name in ("default", "active", "other"):
        make_prefix(project / "envs" / name)
    return Places(
        anaconda=make_prefix(tmp_path / "opt/anaconda"),
        project_root=tmp_path / "projects",
        home=tmp_path / "home",
        project=project,
        active=project / "envs/active",
    )


def refused(prefix: Path, places: Places, *, force: bool = False) -> str:
    with pytest.raises(EnvironmentsError) as error:
        remove(prefix, places, force=force)
    return error.value.code


def test_it_goes_and_what_its_links_lead_to_stays(places: Places, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "file").touch()
    envs = tmp_path / "projects/alice/p1/envs"
    (envs / "other/lib/link").symlink_to(victim)
    remove(envs / "other", places)
    assert sorted(path.name for path in envs.iterdir()) == ["active", "default"]
    assert (victim / "file").exists()


def test_the_root_distribution_never_goes(places: Places, tmp_path: Path) -> None:
    assert refused(places.anaconda, places, force=True) == "protected"
    assert refused(tmp_path / "opt", places, force=True) == "protected"
    (tmp_path / "link").symlink_to(places.anaconda)
    assert refused(tmp_path / "link", places, force=True) == "protected"
    assert (places.anaconda / "bin/python").exists()


@pytest.mark.parametrize("name", ["default", "active"])
def test_what_people_work_with_goes_by_force_only(places: Places, tmp_path: Path, name: str) -> None:
    prefix = tmp_path / "projects/alice/p1/envs" / name
    assert refused(prefix, places) == "protected"
    assert (prefix / "conda-meta").is_dir()
    remove(prefix, places, force=True)
    assert not prefix.exists()


def test_what_is_no_environment_stays(places: Places, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    assert refused(tmp_path / "data", places, force=True) == "not_an_environment"
    (tmp_path / "link").symlink_to(tmp_path / "projects/alice/p1/envs/other")
    assert refused(tmp_path / "link", places, force=True) == "unsafe_path"
    assert (tmp_path / "projects/alice/p1/envs/other").is_dir()


def test_what_is_half_made_goes(places: Places, tmp_path: Path) -> None:
    half = tmp_path / "projects/alice/p1/envs/half"
    half.mkdir()
    (half / UNFINISHED).touch()
    remove(half, places)
    assert not half.exists()
