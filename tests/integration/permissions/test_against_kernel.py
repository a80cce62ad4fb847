# SPDX-License-Identifier: GPL-3.0-or-later
"""For random trees, owners, modes and ACLs: what access(2) says as each person is what the table says."""

from __future__ import annotations

import os
import random
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from tests.integration.permissions.people import ALICE, BOB, CAROL, DAVE, SERVICE, as_person
from wakari.permissions import acl, explain, tree
from wakari.permissions.acl import Acl
from wakari.permissions.engine import Engine
from wakari.permissions.judge import actual
from wakari.permissions.policy import Policy, Team

pytestmark = pytest.mark.root

OTHER_MEMBER = 20004
VISITORS = 901  # the account of ANON_USER
PEOPLE = (ALICE, BOB, OTHER_MEMBER, CAROL, DAVE, VISITORS)
TEAM = Team(ALICE, ALICE, members={BOB: BOB, OTHER_MEMBER: OTHER_MEMBER}, viewers={CAROL: CAROL})
OPEN = replace(TEAM, anonymous=VISITORS)  # the same in a public project
LEVELS = {ALICE: 7, BOB: 7, OTHER_MEMBER: 7, CAROL: 5}
GROUPS = (*PEOPLE, 100)
ROUNDS, NODES = 12, 25


def random_acl(chance: random.Random) -> Acl:
    users = {uid: chance.randrange(8) for uid in chance.sample(PEOPLE, chance.randrange(4))}
    groups = {gid: chance.randrange(8) for gid in chance.sample(GROUPS, chance.randrange(3))}
    mask = chance.randrange(8) if users or groups else None
    return Acl(chance.randrange(8), chance.randrange(8), chance.randrange(8), users, groups, mask)


def grow(root: Path, chance: random.Random) -> list[Path]:
    """Make a random tree; each inode has a random owner, group, mode and ACLs."""
    folders, made = [root], [root]
    for number in range(NODES):
        parent = chance.choice(folders)
        path = parent / ("public" if chance.random() < 0.1 and not (parent / "public").exists() else f"n{number}")
        if chance.random() < 0.4 or path.name == "public":
            path.mkdir()
            folders.append(path)
        else:
            path.write_text("x")
        made.append(path)
    for path in made:
        owner = ALICE if path == root else chance.choice(PEOPLE)
        os.chown(path, owner, chance.choice(GROUPS))
        path.chmod(chance.randrange(0o1000))
        if chance.random() < 0.6:
            os.setxattr(path, acl.ACCESS, random_acl(chance).encode())
        if path.is_dir() and chance.random() < 0.4:
            os.setxattr(path, acl.DEFAULT, random_acl(chance).encode())
    return made


def table(path: Path, root: Path, uid: int, *, executable: bool, team: Team) -> int:
    """Return what the person may do with the inode itself, from the rule in docs/permissions.md alone."""
    parts = path.relative_to(root).parts
    public = parts[:1] == ("public",) and (root / "public").is_dir()
    level = 5 if uid == team.anonymous else LEVELS.get(uid, 0)
    right = level | (5 if public else 1)
    return right if path.is_dir() or executable else right & 6


def seen(paths: list[Path]) -> list[int]:
    """Return what access(2) says of each path, reached by a descriptor: the folders above play no part."""
    return [sum(bit for bit in (4, 2, 1) if os.access(path, bit)) for path in paths]


@pytest.mark.parametrize("team", [TEAM, OPEN], ids=["private", "public"])
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_access_is_what_the_table_says(seed: int, team: Team) -> None:
    chance = random.Random(seed)  # noqa: S311 - a repeatable tree
    with tempfile.TemporaryDirectory(prefix="wakari-kernel-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        root = Path(folder) / "project"
        root.mkdir()
        paths = grow(root, chance)
        executable = {path: bool(path.stat().st_mode & 0o100) for path in paths}
        descriptor = tree.open_directory(root)
        report = Engine(Policy(team), frozenset({0, SERVICE}), write=True).run(descriptor)
        again = Engine(Policy(team), frozenset({0, SERVICE}), write=False).run(descriptor)
        os.close(descriptor)
        assert (report.checked, again.wrong) == (len(paths), 0)
        for path in paths:
            pinned = os.open(path, os.O_PATH)
            try:
                for uid in PEOPLE:
                    by_kernel = as_person(uid, lambda pinned=pinned: seen([Path(f"/proc/self/fd/{pinned}")]))[0]
                    wanted = table(path, root, uid, executable=executable[path], team=team)
                    assert by_kernel == wanted, (path, uid)
            finally:
                os.close(pinned)


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_explanation_is_what_the_kernel_does(seed: int) -> None:
    chance = random.Random(1000 + seed)  # noqa: S311
    with tempfile.TemporaryDirectory(prefix="wakari-kernel-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        root = Path(folder) / "project"
        root.mkdir()
        for path in grow(root, chance)[:12]:
            pinned = os.open(path, os.O_PATH)
            try:
                status = path.stat()
                found = actual(tree.read_attribute(str(path), acl.ACCESS), status.st_mode)
                assert found is not None
                for uid in PEOPLE:
                    by_kernel = as_person(uid, lambda pinned=pinned: seen([Path(f"/proc/self/fd/{pinned}")]))[0]
                    assert explain.decide(found, status.st_uid, status.st_gid, uid, {uid}).allowed == by_kernel
            finally:
                os.close(pinned)
