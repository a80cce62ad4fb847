# SPDX-License-Identifier: GPL-3.0-or-later
"""Two people race the engine with links and renames: for thousands of rounds, no file outside the project changes."""

from __future__ import annotations

import mmap
import os
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.permissions.people import ALICE, BOB, CAROL, SERVICE
from wakari.permissions import acl, tree
from wakari.permissions.engine import Engine
from wakari.permissions.policy import Policy, Team
from wakari.permissions.report import Report

pytestmark = pytest.mark.root

TEAM = Team(ALICE, ALICE, members={BOB: BOB}, viewers={CAROL: CAROL})
FOLDERS, FILES = 12, 12
SECONDS, ROUNDS, PATIENCE = 8.0, 3000, 120.0  # at least so long, and so many rounds of each attack; at most so long


def swap_files(project: Path, outside: Path, number: int) -> None:
    """As a file is looked at: a link to somebody's file, a FIFO that nobody writes to, another file takes its name."""
    name = project / f"d{number % FOLDERS}" / f"f{number % FILES}"
    spare = project / "spare"

    def wrong_file() -> None:
        spare.write_text("a file again")
        spare.chmod(0o600)  # so that the engine goes on to write to what it looked at

    for make in (
        lambda: spare.symlink_to(outside / "private"),
        lambda: os.mkfifo(spare),
        lambda: os.link(outside / "alice" / "linked", spare),
        wrong_file,
    ):
        make()
        spare.rename(name)


def swap_folders(project: Path, outside: Path, number: int) -> None:
    """As a folder is entered: a link to a folder elsewhere takes its name, then it is there again."""
    name, aside, link = project / f"d{number % FOLDERS}" / "inner", project / "aside", project / "link"
    link.symlink_to(outside / "folder")
    name.rename(aside)
    link.rename(name)
    name.unlink()
    aside.rename(name)


def wander(project: Path, outside: Path, number: int) -> None:
    """Give a file outside a second name here, which goes to and fro ahead of the walk: it must not count twice."""
    here, there = project / "d0" / "wanderer", project / "d7" / "wanderer"
    if number == 0:
        here.hardlink_to(outside / "bob" / "linked")
    elif number % 2:
        here.rename(there)
    else:
        there.rename(here)
    time.sleep(0.0003)


def carry(project: Path, outside: Path, number: int) -> None:
    """The same by a folder that wanders with the name in it, so that the file itself stays as it was long before."""
    if number == 0:
        (project / "d0" / "tray").mkdir()
        (project / "d0" / "tray" / "carried").hardlink_to(outside / "bob" / "carried")
    (project / f"d{number * 5 % FOLDERS}" / "tray").rename(project / f"d{(number + 1) * 5 % FOLDERS}" / "tray")
    time.sleep(0.0003)


@contextmanager
def attacker(uid: int, attack: Callable[[int], None]) -> Iterator[Callable[[], int]]:
    """Repeat an attack as this person while the block runs; gives a function that tells how many rounds were made."""
    counter = mmap.mmap(-1, 8)
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os.umask(0o022)
            number = 0
            while True:
                attack(number)
                number += 1
                struct.pack_into("<Q", counter, 0, number)
        finally:
            os._exit(1)
    try:
        yield lambda: int(struct.unpack_from("<Q", counter)[0])
        assert os.waitpid(child, os.WNOHANG) == (0, 0), f"the attack {attack} failed by itself"
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


def person_file(path: Path, uid: int) -> Path:
    path.write_text("x")
    path.chmod(0o600)
    os.chown(path, uid, uid)
    return path


def person_folder(path: Path, uid: int) -> Path:
    path.mkdir()
    os.chown(path, uid, uid)
    return path


def state(path: Path) -> tuple[int, bytes | None, bytes | None]:
    """Return the mode and the ACLs."""
    default = tree.read_attribute(str(path), acl.DEFAULT) if path.is_dir() else None
    return path.stat().st_mode, tree.read_attribute(str(path), acl.ACCESS), default


def apply(project: Path, *, write: bool = True) -> Report:
    descriptor = tree.open_directory(project)
    try:
        return Engine(Policy(TEAM), frozenset({0, SERVICE}), write=write).run(descriptor)
    finally:
        os.close(descriptor)


def test_no_race_changes_a_file_outside_the_project() -> None:
    with tempfile.TemporaryDirectory(prefix="wakari-hostile-", dir="/var/tmp") as name:
        base = Path(name)
        base.chmod(0o755)
        outside = base / "outside"
        outside.mkdir(0o755)
        project = person_folder(base / "project", ALICE)
        for number in range(FOLDERS):
            folder = person_folder(project / f"d{number}", ALICE)
            person_folder(folder / "inner", ALICE)
            for file in range(FILES):
                person_file(folder / f"f{file}", ALICE)
        watched = [
            person_file(outside / "private", CAROL),
            person_folder(outside / "folder", CAROL),
            person_file(outside / "folder" / "deep", CAROL),
            person_folder(outside / "alice", ALICE),
            person_file(outside / "alice" / "linked", ALICE),
            person_folder(outside / "bob", BOB),
            person_file(outside / "bob" / "linked", BOB),
            person_file(outside / "bob" / "carried", BOB),
        ]
        apply(project)
        before = [state(path) for path in watched]
        began, runs = time.monotonic(), 0
        with (
            attacker(ALICE, lambda number: swap_files(project, outside, number)) as files,
            attacker(ALICE, lambda number: swap_folders(project, outside, number)) as folders,
            attacker(BOB, lambda number: wander(project, outside, number)) as wandering,
            attacker(BOB, lambda number: carry(project, outside, number)) as carrying,
        ):

            def enough() -> bool:
                rounds = min(files(), folders(), wandering(), carrying())
                return time.monotonic() - began > SECONDS and rounds >= ROUNDS

            while not enough():
                assert time.monotonic() - began < PATIENCE, (files(), folders(), wandering(), carrying())
                apply(project)
                runs += 1
                assert [state(path) for path in watched] == before, f"after {runs} runs"
        assert runs > 10
        apply(project)
        assert apply(project, write=False).wrong == 0
