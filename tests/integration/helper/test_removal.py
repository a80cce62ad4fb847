# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a removed project's files, as root does it. The verb, which needs systemd, runs on test hosts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.helper.host import mode_of, project
from wakari.core.messages import ProjectSpec
from wakari.helper.projects import Projects
from wakari.helper.settings import HelperSettings

pytestmark = pytest.mark.root
SPEC = ProjectSpec.model_validate(project("done"))


@pytest.fixture
def root() -> Iterator[Path]:
    """A project root with one project in it."""
    with tempfile.TemporaryDirectory(prefix="wakari-helper-", dir="/var/lib") as folder:
        made = Path(folder)
        made.chmod(0o711)
        (made / "alice/done/envs").mkdir(parents=True)
        (made / "alice/done/made.txt").write_text("x")
        yield made


@pytest.fixture
def projects(root: Path) -> Projects:
    return Projects(HelperSettings(prefix=root, projectRoot=root))


def test_an_archive_keeps_everything_for_root_alone(projects: Projects, root: Path) -> None:
    kept = projects.remove(SPEC, "archive")
    assert kept is not None
    assert kept.parent == root / ".archive/alice"
    assert kept.name.startswith("done-2")
    assert (kept / "made.txt").read_text() == "x"
    assert [mode_of(folder) for folder in (root / ".archive", kept.parent)] == ["700", "700"]
    assert not (root / "alice/done").exists()
    assert projects.remove(SPEC, "archive") is None, "a second run finds nothing"


def test_two_archives_of_a_name_are_two(projects: Projects, root: Path) -> None:
    projects.remove(SPEC, "archive")
    (root / "alice/done").mkdir()
    projects.remove(SPEC, "archive")
    assert len(list((root / ".archive/alice").iterdir())) == 2


def test_nothing_is_left_of_what_is_deleted_for_good(projects: Projects, root: Path) -> None:
    assert projects.remove(SPEC, "delete") is None
    assert [path.name for path in sorted(root.rglob("*"))] == [".staging", "alice"]


def test_what_a_killed_run_left_is_deleted_by_the_next(projects: Projects, root: Path) -> None:
    projects.staging()
    (root / "alice/done").rename(root / ".staging/alice.done.removed")
    assert projects.remove(SPEC, "delete") is None
    assert list((root / ".staging").iterdir()) == []


def test_links_are_removed_and_not_followed(projects: Projects, root: Path, tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("theirs")
    (root / "alice/done/link").symlink_to(tmp_path)
    projects.remove(SPEC, "delete")
    assert (tmp_path / "other.txt").read_text() == "theirs"
