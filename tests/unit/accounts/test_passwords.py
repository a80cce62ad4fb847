# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from wakari.accounts import passwords
from wakari.accounts.accounts import check_email, check_full_name, check_roles
from wakari.core.errors import BadInputError, UnavailableError


def test_a_password_is_kept_as_argon2id_and_recognised() -> None:
    encoded = passwords.hash_password("correct horse")
    assert encoded.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.verify(encoded, "correct horse")
    assert not passwords.verify(encoded, "correct horsE")


@pytest.mark.parametrize("encoded", ["", "plain", "$argon2id$broken"])
def test_without_a_good_hash_no_password_fits(encoded: str) -> None:
    assert not passwords.verify(encoded, "")
    assert not passwords.verify(encoded, "plain")


def test_a_password_that_is_too_long_to_be_anybodys_is_not_hashed() -> None:
    assert not passwords.verify(passwords.hash_password("x" * 256), "x" * 100_000)


@pytest.mark.parametrize("bad", ["", "short", "x" * 257, "nul\x00byte-in-it", None, 12345678, {"$ne": ""}])
def test_a_bad_password_is_refused_without_being_quoted(bad: object) -> None:
    with pytest.raises(BadInputError) as caught:
        passwords.check_new(bad)
    if isinstance(bad, str) and bad:
        assert bad not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("good", ["", "a@b", "alice@example.org"])
def test_good_addresses(good: str) -> None:
    assert check_email(good) == good


@pytest.mark.parametrize("bad", ["alice", "a b@c", "a@b@c", "a@b\n", "@x", "x@", "a" * 65 + "@b"])
def test_bad_addresses(bad: str) -> None:
    with pytest.raises(BadInputError):
        check_email(bad)


def test_names_and_roles_are_checked() -> None:
    with pytest.raises(BadInputError):
        check_full_name("bell\x07")
    with pytest.raises(BadInputError):
        check_roles(["root"])
    assert check_roles(["superuser", "staff", "staff"]) == ("staff", "superuser")


def test_no_more_hashes_at_once_than_the_memory_is_planned_for(monkeypatch: pytest.MonkeyPatch) -> None:
    at_work, most = 0, 0
    lock = threading.Lock()

    class Slow:
        def verify(self, *_: str) -> bool:
            nonlocal at_work, most
            with lock:
                at_work += 1
                most = max(most, at_work)
            time.sleep(0.05)
            with lock:
                at_work -= 1
            return True

    monkeypatch.setattr(passwords, "_hasher", Slow())
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: passwords.verify("hash", "password"), range(16)))
    assert most == passwords.AT_ONCE
    monkeypatch.setattr(passwords, "LONGEST_WAIT", 0.01)
    with ThreadPoolExecutor(8) as pool, pytest.raises(UnavailableError, match="Too many people"):
        list(pool.map(lambda _: passwords.verify("hash", "password"), range(8)))
