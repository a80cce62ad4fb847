# SPDX-License-Identifier: GPL-3.0-or-later
"""ACLs as bytes, and as what they allow."""

from __future__ import annotations

import pytest

from wakari.permissions import acl
from wakari.permissions.acl import Acl

# user::rwx, user:1:rwx, user:2:r-x, group::r-x, group:9:rwx, mask::rwx, other::--x; linux/posix_acl_xattr.h
BYTES = bytes.fromhex(
    "02000000"
    "01000700ffffffff"
    "0200070001000000"
    "0200050002000000"
    "04000500ffffffff"
    "0800070009000000"
    "10000700ffffffff"
    "20000100ffffffff"
)
ACL = Acl(7, 5, 1, {2: 5, 1: 7}, {9: 7}, 7)


def test_encoding_has_the_kernels_layout_and_order() -> None:
    assert ACL.encode() == BYTES


def test_decoding_is_the_inverse() -> None:
    assert acl.decode(BYTES) == ACL


@pytest.mark.parametrize("broken", [b"", BYTES[:-1], b"\x03" + BYTES[1:], BYTES[:4], BYTES[:12]])
def test_damaged_values_are_refused(broken: bytes) -> None:
    with pytest.raises(ValueError, match="ACL"):
        acl.decode(broken)


def test_mode_bits_are_an_acl() -> None:
    assert acl.from_mode(0o4751) == Acl(7, 5, 1)


def test_mask_limits_named_entries_and_the_group_but_not_owner_and_others() -> None:
    assert Acl(7, 7, 7, {1: 7}, {2: 7}, 4).grants() == Acl(7, 4, 7, {1: 4}, {2: 4})


def test_owners_named_entry_has_no_effect() -> None:
    assert Acl(6, 0, 0, {1: 7}, {}, 7).grants(1, 1) == Acl(6, 0, 0)


@pytest.mark.parametrize(("group_obj", "named", "effective"), [(0, 7, 7), (7, 5, 7), (5, 5, 5)])
def test_wider_of_two_entries_for_the_same_group_decides(group_obj: int, named: int, effective: int) -> None:
    assert Acl(7, group_obj, 0, {}, {3: named}, 7).grants(1, 3) == Acl(7, effective, 0)


def test_two_entries_for_one_group_that_do_not_contain_each_other_are_kept() -> None:
    # The kernel grants r-- or -wx, never rwx at once: not the same as one entry of either.
    assert Acl(7, 4, 0, {}, {3: 3}, 7).grants(1, 3) == Acl(7, 4, 0, {}, {3: 3})


def test_text_form() -> None:
    assert str(ACL) == "u::rwx,u:1:rwx,u:2:r-x,g::r-x,g:9:rwx,m::rwx,o::--x"
