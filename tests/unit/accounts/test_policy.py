# SPDX-License-Identifier: GPL-3.0-or-later
"""Which passwords may be set."""

from __future__ import annotations

import secrets
import time

import pytest

from wakari.accounts import passwords, policy
from wakari.core.errors import BadInputError

ABOUT = ("alice", "Alice van der Berg", "a.berg@uni-example.org")


@pytest.mark.parametrize(
    "good",
    [
        "correct horse battery",
        "alice-loves-long-walks",
        "xK9#mQ2$vL7p",
        "zu Besuch bei Oma in Köln",
    ],
)
def test_a_good_password_is_taken(good: str) -> None:
    assert policy.check_new(good, about=ABOUT) == good


@pytest.mark.parametrize(
    "common",
    [
        "Password1",
        "p@ssw0rd",
        "12345678",
        "qwertyuiop",
        "aaaaaaaaaaaa",
        "letmein123",
        "abcdefgh",
        "iloveyou2",
    ],
)
def test_what_is_guessed_first_is_refused(common: str) -> None:
    with pytest.raises(BadInputError) as caught:
        policy.check_new(common, about=ABOUT)
    assert caught.value.code == "password_common"
    assert common not in str(caught.value.body(""))


@pytest.mark.parametrize(
    "own", ["alice2024!", "ALICE!!99", "ecila2024", "vanberg1!", "Wakari2026", "uni-example", "aliceberg"]
)
def test_ones_own_name_with_a_little_more_is_refused(own: str) -> None:
    with pytest.raises(BadInputError) as caught:
        policy.check_new(own, about=ABOUT)
    assert caught.value.code == "password_own_name"
    assert own not in str(caught.value.body(""))


def test_a_generated_password_is_always_good() -> None:
    for _ in range(20):
        policy.check_new(passwords.generate(), about=ABOUT)


def test_the_name_of_another_is_no_matter() -> None:
    assert policy.check_new("alice2024!", about=("bob",))


def test_the_site_may_ask_for_more_characters() -> None:
    with pytest.raises(BadInputError) as caught:
        policy.check_new("xK9#mQ2$vL7", least=12)
    assert (caught.value.code, "12 to 256" in caught.value.hint) == ("password_invalid", True)
    assert policy.check_new("xK9#mQ2$vL7p", least=12)


@pytest.mark.parametrize("bad", ["", "short", "x" * 257, "nul\x00byte-in-it", None, 12345678])
def test_what_is_no_password_is_refused_first(bad: object) -> None:
    with pytest.raises(BadInputError) as caught:
        policy.check_new(bad)
    assert caught.value.code == "password_invalid"


def test_the_longest_password_is_looked_at_within_a_second() -> None:
    policy.check_new("warm up the lists")
    begin = time.monotonic()
    policy.check_new(secrets.token_urlsafe(190), about=("x" * 64, "y " * 40))
    assert time.monotonic() - begin < 2
