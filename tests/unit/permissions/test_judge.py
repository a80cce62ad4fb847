# SPDX-License-Identifier: GPL-3.0-or-later
"""What a mode tells of a file's ACL without reading it."""

from __future__ import annotations

import random

import pytest

from wakari.permissions.acl import Acl
from wakari.permissions.judge import Judge
from wakari.permissions.policy import Policy, Team

ALICE, BOB, CAROL, DAVE = 20000, 20001, 20002, 20003
TEAMS = (Team(ALICE, ALICE), Team(ALICE, ALICE, members={BOB: BOB}, viewers={CAROL: CAROL}), Team(ALICE, 100))


def mode_of(found: Acl) -> int:
    """Return the mode that the kernel shows for a file with this ACL (acl(5), "Correspondence")."""
    middle = found.group_obj if found.mask is None else found.mask
    return found.user_obj << 6 | middle << 3 | found.other


@pytest.mark.parametrize("team", TEAMS)
def test_mode_is_never_said_to_be_wrong_where_the_acl_is_right(team: Team) -> None:
    chance = random.Random(7)  # noqa: S311 - repeatable
    judge, policy, right = Judge(Policy(team)), Policy(team), 0
    for _ in range(20_000):
        uid, gid = chance.choice((ALICE, BOB, CAROL, DAVE)), chance.choice((ALICE, BOB, 100))
        executable, public = chance.random() < 0.5, chance.random() < 0.3
        found = policy.file(uid, gid, executable, public)
        if chance.random() < 0.5:  # a near miss
            users = {key: chance.choice((perm, 7)) for key, perm in found.users.items()}
            found = Acl(
                found.user_obj, found.group_obj, chance.choice((found.other, 0)), users, found.groups, found.mask
            )
        mode = mode_of(found)
        raw = found.encode() if found.mask is not None else None
        if judge.file_is_right(raw, mode, uid, gid, public):
            right += 1
            assert not judge.mode_is_wrong(mode, uid, gid, public)
    assert right > 5000


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755, 0o640, 0o444])
def test_usual_modes_of_new_files_tell_that_they_are_wrong(mode: int) -> None:
    assert Judge(Policy(TEAMS[1])).mode_is_wrong(mode, ALICE, ALICE, False)  # noqa: FBT003
