# SPDX-License-Identifier: GPL-3.0-or-later
"""The wanted ACL of each kind of inode, as docs/permissions.md states it."""

from __future__ import annotations

import pytest

from wakari.permissions.acl import Acl
from wakari.permissions.policy import Policy, Team

ALICE, BOB, CAROL, DAVE = 20000, 20001, 20002, 20003
TEAM = Team(ALICE, ALICE, members={BOB: BOB}, viewers={CAROL: CAROL})
POLICY = Policy(TEAM)
ALONE = Policy(Team(ALICE, ALICE))


def test_project_of_one_person_needs_no_more_than_mode_bits() -> None:
    assert ALONE.directory(ALICE, ALICE, public=False) == Acl(7, 7, 1)
    assert ALONE.default(public=False) == Acl(7, 7, 1)


def test_directory_of_the_owner() -> None:
    assert POLICY.directory(ALICE, ALICE, public=False) == Acl(7, 7, 1, {BOB: 7, CAROL: 5}, {}, 7)


def test_directory_of_a_member_keeps_owner_and_owners_group() -> None:
    assert POLICY.directory(BOB, BOB, public=False) == Acl(7, 7, 1, {ALICE: 7, CAROL: 5}, {ALICE: 7}, 7)


def test_default_entries_name_owner_and_team_since_anybody_of_them_may_make_the_file() -> None:
    assert POLICY.default(public=False) == Acl(7, 7, 1, {ALICE: 7, BOB: 7, CAROL: 5}, {ALICE: 7}, 7)


@pytest.mark.parametrize(
    ("executable", "public", "mask", "user", "other"),
    [(False, False, 6, 6, 0), (True, False, 7, 7, 1), (False, True, 6, 6, 4), (True, True, 7, 7, 5)],
)
def test_file_is_executable_only_where_it_was(executable: bool, public: bool, mask: int, user: int, other: int) -> None:
    assert POLICY.file(ALICE, ALICE, executable=executable, public=public) == Acl(
        user, 7, other, {ALICE: 7, BOB: 7, CAROL: 5}, {}, mask
    )


def test_owners_own_entry_is_there_only_where_somebody_could_copy_the_file() -> None:
    readers = Policy(Team(ALICE, ALICE, viewers={CAROL: CAROL}))
    assert readers.file(ALICE, ALICE, executable=False, public=False).users == {CAROL: 5}
    assert POLICY.file(BOB, BOB, executable=False, public=False).users == {ALICE: 7, BOB: 7, CAROL: 5}
    assert POLICY.file(DAVE, DAVE, executable=False, public=False).users == {ALICE: 7, BOB: 7, CAROL: 5}


def test_public_directory_is_open_for_reading() -> None:
    assert POLICY.directory(ALICE, ALICE, public=True).other == 5
    assert POLICY.default(public=True).other == 5


def test_viewer_who_owns_a_file_reads_it_as_viewers_do() -> None:
    assert POLICY.file(CAROL, CAROL, executable=False, public=False).user_obj == 4


def test_stranger_who_owns_a_file_has_no_more_than_others() -> None:
    wanted = POLICY.file(DAVE, DAVE, executable=False, public=False)
    assert (wanted.user_obj, wanted.group_obj) == (0, 0)
    assert wanted.users == {ALICE: 7, BOB: 7, CAROL: 5}


def test_group_that_may_hold_others_has_what_everybody_has() -> None:
    users = 100
    policy = Policy(Team(ALICE, ALICE, members={BOB: users}))
    assert policy.default(public=False).group_obj == 1
    assert policy.default(public=True).group_obj == 5
    assert policy.file(BOB, users, executable=False, public=False).group_obj == 0
    assert policy.file(BOB, users, executable=False, public=True).group_obj == 4
    assert policy.file(BOB, users, executable=False, public=False).groups == {ALICE: 7}


def test_what_the_kernel_makes_of_the_default_is_already_right() -> None:
    """posix_acl_create_masq: a new file of mode 0666 has the default's entries, owner and mask limited by the mode."""
    default = POLICY.default(public=False)
    for uid in (ALICE, BOB):
        made = Acl(6, default.group_obj, default.other & 6, default.users, default.groups, 6)
        assert made.grants(uid, uid) == POLICY.file(uid, uid, executable=False, public=False).grants(uid, uid)
        directory = Acl(7, default.group_obj, default.other, default.users, default.groups, 7)
        assert directory.grants(uid, uid) == POLICY.directory(uid, uid, public=False).grants(uid, uid)


def test_public_project_adds_one_reader_and_opens_nothing_to_others() -> None:
    visitors = 901
    public = Policy(Team(ALICE, ALICE, members={BOB: BOB}, viewers={CAROL: CAROL}, anonymous=visitors))
    directory = public.directory(ALICE, ALICE, public=False)
    assert (directory.users, directory.other) == ({BOB: 7, CAROL: 5, visitors: 5}, 1)
    assert public.default(public=False).users[visitors] == 5
    assert public.file(visitors, visitors, executable=False, public=False).user_obj == 4
    alone = Policy(Team(ALICE, ALICE, anonymous=visitors))
    assert alone.default(public=False) == Acl(7, 7, 1, {visitors: 5}, {}, 7)
