# SPDX-License-Identifier: GPL-3.0-or-later
"""Guessing passwords (CVE-2025-53636 and its kind): counted by account and by address, wherever one is asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.serverkit import PASSWORD, URL, Kit
from wakari.accounts import signin
from wakari.store import Store


def api_guess(kit: Kit, name: str, password: str, address: str) -> int:
    body = {"username": name, "password": password}
    environ = {"REMOTE_ADDR": address}
    return kit.api().post("/tokens", body, environ_overrides=environ).status_code


def form_guess(kit: Kit, name: str, password: str, address: str) -> int:
    browser = kit.browser()
    data = {"csrf_token": browser.csrf("/login"), "username": name, "password": password}
    headers = {"Origin": URL}
    environ = {"REMOTE_ADDR": address}
    return browser.client.post(
        "/login", data=data, base_url=URL, headers=headers, environ_overrides=environ
    ).status_code


@pytest.mark.parametrize("guess", [api_guess, form_guess])
def test_one_account_is_guessed_from_one_address_so_often(kit: Kit, guess: Callable[..., int]) -> None:
    kit.user("alice")
    codes = [guess(kit, "alice", f"guess {n}", "192.0.2.1") for n in range(signin.PAIR_LIMIT + 2)]
    assert codes == [401] * signin.PAIR_LIMIT + [429] * 2
    assert guess(kit, "alice", PASSWORD, "192.0.2.1") == 429, "the right one does not help within the window"
    assert guess(kit, "alice", PASSWORD, "192.0.2.2") in {201, 303}, "who sits elsewhere is not locked out"


def test_page_and_api_count_together(kit: Kit) -> None:
    kit.user("alice")
    for number in range(signin.PAIR_LIMIT):
        assert (api_guess, form_guess)[number % 2](kit, "alice", "wrong guess", "192.0.2.1") == 401
    assert api_guess(kit, "alice", PASSWORD, "192.0.2.1") == 429


def test_one_account_is_guessed_from_everywhere_so_often(kit: Kit, store: Store) -> None:
    kit.user("alice")
    for _ in range(signin.ACCOUNT_LIMIT):
        store.throttles.count("account:alice", signin.WINDOW)
    assert api_guess(kit, "alice", PASSWORD, "192.0.2.77") == 429


def test_one_address_tries_so_many_names(kit: Kit, store: Store) -> None:
    kit.user("alice")
    for number in range(3):
        assert api_guess(kit, f"name{number}", "spring 2026", "192.0.2.1") == 401
    assert store.throttles.peek("address:192.0.2.1") == 3
    for _ in range(signin.ADDRESS_LIMIT):
        store.throttles.count("address:192.0.2.1", signin.WINDOW)
    assert api_guess(kit, "alice", PASSWORD, "192.0.2.1") == 429


def test_a_client_does_not_choose_its_address(kit: Kit, store: Store) -> None:
    # One proxy is trusted, NGINX, which sets the header: of what stands in it the last entry counts alone.
    body = {"username": "alice", "password": "wrong guess"}
    for number in range(3):
        headers = {"X-Forwarded-For": f"203.0.113.{number}, 192.0.2.9"}
        kit.app.test_client().post("/api/v1/tokens", json=body, headers=headers)
    assert store.throttles.peek("address:192.0.2.9") == 3


def test_unknown_names_and_wrong_passwords_look_the_same(kit: Kit) -> None:
    kit.user("alice")
    known = kit.api().post("/tokens", {"username": "alice", "password": "wrong guess"}).json["error"]
    unknown = kit.api().post("/tokens", {"username": "nobody", "password": "wrong guess"}).json["error"]
    assert {**known, "request_id": ""} == {**unknown, "request_id": ""}


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/settings/password", {"new": "another long one", "again": "another long one"}),
        ("/settings/profile", {"email": "mine@example.org"}),
        ("/settings/delete", {}),
    ],
)
def test_a_session_that_was_taken_does_not_serve_to_guess(kit: Kit, path: str, fields: dict[str, str]) -> None:
    browser = kit.browser(kit.user("alice"))
    for number in range(signin.PAIR_LIMIT):
        browser.submit(path, {**fields, "current": f"guess {number}"}, "/settings")
    browser.submit(path, {**fields, "current": PASSWORD}, "/settings")
    assert "too many failed attempts" in browser.get("/settings").text
    user = kit.services.store.users.get("alice")
    assert user
    assert (user.email, kit.services.accounts.get("alice").password_hash) == ("", user.password_hash)
    assert kit.services.sign_in.authenticate("alice", PASSWORD, "192.0.2.50").name == "alice"
