# SPDX-License-Identifier: GPL-3.0-or-later
"""The narrowest race, made certain: a file is replaced right after it was looked at, before it is held."""

from __future__ import annotations

import fcntl
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.permissions.people import ALICE, BOB, CAROL
from wakari.permissions import acl, tree
from wakari.permissions.inspector import Inspector, Project
from wakari.permissions.policy import Policy, Team

pytestmark = pytest.mark.root

TEAM = Team(ALICE, ALICE, members={BOB: BOB})


@pytest.fixture
def folder() -> Iterator[Path]:
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="wakari-replaced-", dir="/var/tmp") as name:
        os.chdir(name)
        yield Path(name)
        os.chdir(before)


def make(path: Path, uid: int) -> Path:
    path.write_text("x")
    path.chmod(0o600)
    os.chown(path, uid, uid)
    return path


def look(folder: Path, then: Callable[[Path], object], mode: int = 0o600) -> Inspector:
    """Return what came of a file of this mode that somebody replaces once its status is known."""
    file = make(folder / "file", ALICE)
    file.chmod(mode)
    status = file.stat()
    then(file)
    descriptor = tree.open_directory(folder)
    try:
        device, mount = status.st_dev, tree.mount_id(descriptor)
        project = Project(Policy(TEAM), frozenset({0}), write=True, device=device, mount=mount, mounts_inside=False)
        inspector = Inspector(project, lambda _: None)
        inspector.file("file", descriptor, "", status, public=False)
    finally:
        os.close(descriptor)
    return inspector


def untouched(path: Path) -> bool:
    return path.stat().st_mode & 0o777 == 0o600 and tree.read_attribute(str(path), acl.ACCESS) is None


# Of a file of mode 600 no attribute is read, of one of 660 it is: a link has none, which must not end the walk.
@pytest.mark.parametrize("mode", [0o600, 0o660])
def test_link_in_its_place_is_not_followed(folder: Path, mode: int) -> None:
    victim = make(folder / "victim", CAROL)

    def replace(file: Path) -> None:
        file.unlink()
        file.symlink_to(victim)

    with pytest.raises(OSError, match="symbolic links"):
        look(folder, replace, mode)
    assert untouched(victim)


def test_another_file_in_its_place_is_left_alone(folder: Path) -> None:
    victim = make(folder / "victim", ALICE)

    def replace(file: Path) -> None:
        file.unlink()
        file.hardlink_to(victim)

    assert look(folder, replace).report.skipped["vanished"] == 1
    assert untouched(victim)


def test_second_link_made_meanwhile_is_left_alone(folder: Path) -> None:
    done = look(folder, (folder / "elsewhere").hardlink_to)
    assert done.report.skipped["vanished"] == 1
    assert untouched(folder / "elsewhere")


def test_fifo_in_its_place_is_not_waited_for(folder: Path) -> None:
    def replace(file: Path) -> None:
        file.unlink()
        os.mkfifo(file)

    signal.alarm(10)  # ends the test run where the engine waits for a writer
    try:
        assert look(folder, replace).report.skipped["vanished"] == 1
    finally:
        signal.alarm(0)


def test_file_that_somebody_holds_a_lease_on_is_put_right(folder: Path) -> None:
    held: list[int] = []
    handler = signal.signal(signal.SIGIO, signal.SIG_IGN)

    def take(file: Path) -> None:
        held.append(os.open(file, os.O_RDWR))
        fcntl.fcntl(held[0], fcntl.F_SETLEASE, fcntl.F_WRLCK)

    try:
        assert look(folder, take).report.changed == 1
    finally:
        os.close(held[0])
        signal.signal(signal.SIGIO, handler)
    assert not untouched(folder / "file")
