# SPDX-License-Identifier: GPL-3.0-or-later
"""The access check algorithm of acl(5)."""

from __future__ import annotations

import pytest

from wakari.permissions.acl import Acl
from wakari.permissions.explain import decide

ACL = Acl(6, 7, 1, {2: 7}, {30: 4}, 6)


@pytest.mark.parametrize(
    ("uid", "gids", "allowed"),
    [
        (1, {10}, 6),  # the owner: no mask
        (2, {10}, 6),  # named: limited by the mask, whatever the groups
        (3, {10}, 6),  # the file's group
        (3, {30}, 4),  # a named group
        (3, {10, 30}, 6),  # both
        (3, {99}, 1),  # others
    ],
)
def test_first_entry_that_fits_decides(uid: int, gids: set[int], allowed: int) -> None:
    assert decide(ACL, 1, 10, uid, gids).allowed == allowed


def test_group_that_grants_nothing_does_not_fall_back_to_others() -> None:
    assert decide(Acl(7, 0, 7), 1, 10, 3, {10}).allowed == 0


def test_empty_mask_makes_linux_overlook_the_list() -> None:
    hidden = Acl(7, 6, 5, {2: 7}, {30: 7}, 0)
    assert [decide(hidden, 1, 10, uid, gids).allowed for uid, gids in ((2, {2}), (3, {30}), (3, {10}))] == [5, 5, 0]
