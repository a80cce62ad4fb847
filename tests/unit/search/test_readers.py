# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may read, as acl(5) decides. In doubt nobody."""

from __future__ import annotations

import pytest

from wakari.permissions.acl import READ, Acl, from_mode
from wakari.search.readers import EVERYBODY, NOBODY, Readers, _evaluated, decode

ALICE, BOB, CARA, VISITOR, USERS = 20000, 20001, 20002, 998, 100


@pytest.mark.parametrize(
    ("found", "gid", "allowed", "refused"),
    [
        (from_mode(0o600), ALICE, {ALICE}, {BOB, VISITOR}),
        (from_mode(0o644), ALICE, {ALICE, BOB, VISITOR}, set()),
        (from_mode(0o044), ALICE, {BOB}, {ALICE}),
        (from_mode(0o640), BOB, {ALICE, BOB}, {CARA}),
        (from_mode(0o604), USERS, {ALICE}, {BOB, CARA}),  # some of them may be in the group
        (Acl(7, 7, 0, {BOB: 7, VISITOR: 5}, {}, 7), ALICE, {ALICE, BOB, VISITOR}, {CARA}),
        (Acl(7, 7, 0, {BOB: 7}, {}, 0), ALICE, {ALICE}, {BOB}),  # chmod 600 on a file with entries: the mask
        (Acl(6, 4, 4, {BOB: 0}, {}, 4), ALICE, {ALICE, CARA}, {BOB}),
        (Acl(6, 0, 0, {}, {BOB: 4}, 4), ALICE, {ALICE, BOB}, {CARA}),
        (Acl(6, 0, 0, {}, {BOB: 4, CARA: 4}, 2), ALICE, {ALICE}, {BOB, CARA}),
    ],
)
def test_who_may_read(found: Acl, gid: int, allowed: set[int], refused: set[int]) -> None:
    readers = _evaluated(found, ALICE, gid, READ)
    assert {uid for uid in (ALICE, BOB, CARA, VISITOR) if readers.include(uid)} >= allowed
    assert not any(readers.include(uid) for uid in refused)


def test_folders_take_away_and_give_nothing() -> None:
    file = Readers(others=True, people={ALICE: True, BOB: False})
    folder = Readers(others=False, people={ALICE: True, BOB: True, CARA: True})
    both = file.within(folder)
    assert [both.include(uid) for uid in (ALICE, BOB, CARA, VISITOR)] == [True, False, True, False]
    assert file.within(EVERYBODY).include(VISITOR)
    assert not file.within(NOBODY).include(ALICE)


def test_readers_come_back_from_the_index() -> None:
    one = Readers(others=False, people={BOB: True, ALICE: False})
    assert decode(one.encode()) == one
    assert one.encode() == Readers(others=False, people={ALICE: False, BOB: True}).encode()
