# SPDX-License-Identifier: GPL-3.0-or-later
"""Registration: closed at first, with or without an administrator's word, bounded; and closing one's own account."""

from __future__ import annotations

from typing import Any

import pytest

from tests.serverkit import PASSWORD, Kit
from wakari.accounts import registration
from wakari.store import Store
from wakari.store.records import User

FORM = {"name": "nora", "full_name": "Nora Example", "email": "nora@example.org", "new": PASSWORD, "again": PASSWORD}
BODY = {"name": "nora", "password": PASSWORD, "full_name": "Nora Example", "email": "nora@example.org"}


@pytest.fixture
def root(kit: Kit) -> User:
    return kit.user("root1", "superuser")


def opened(kit: Kit, **fields: Any) -> None:
    kit.services.site.change({"open_registration": True, **fields}, actor="root1")


def test_it_is_closed_at_first(kit: Kit, store: Store) -> None:
    assert kit.api().post("/registrations", BODY).status_code == 403
    assert "/login/register" not in kit.browser().get("/login").text
    assert "Nobody can register" in kit.browser().get("/login/register").text
    assert store.registrations.count() == 0


def test_a_registration_waits_for_an_administrator(kit: Kit, store: Store, root: User) -> None:
    opened(kit)
    assert "/login/register" in kit.browser().get("/login").text
    answer = kit.browser().submit("/login/register", FORM)
    assert (answer.status_code, "An administrator looks at it" in answer.text) == (200, True)
    assert store.users.get("nora") is None
    signed = {"username": "nora", "password": PASSWORD}
    assert kit.browser().submit("/login", signed).status_code == 401
    listed = kit.api(root).get("/registrations").json["items"]
    assert [one["name"] for one in listed] == ["nora"]
    assert "password" not in str(listed)
    again = kit.api().post("/registrations", BODY)
    assert (again.status_code, again.json["error"]["code"]) == (409, "user_exists")
    made = kit.api(root).post("/registrations/nora/approve")
    assert (made.status_code, made.json["email"], made.json["roles"]) == (201, "nora@example.org", [])
    assert kit.browser().submit("/login", signed).status_code == 303
    assert kit.api(root).post("/registrations/nora/approve").status_code == 404
    assert store.registrations.count() == 0


def test_a_registration_that_is_rejected_is_forgotten(kit: Kit, store: Store, root: User) -> None:
    opened(kit)
    kit.api().post("/registrations", BODY)
    browser = kit.browser(root)
    assert "nora@example.org" in browser.get("/admin/accounts").text
    browser.submit("/admin/accounts/decide", {"name": "nora"}, "/admin/accounts")
    assert store.registrations.count() == 0
    assert store.users.get("nora") is None
    assert kit.api(root).delete("/registrations/nora").status_code == 404


def test_without_approval_the_account_is_there_at_once(kit: Kit, store: Store) -> None:
    opened(kit, registration_approval=False)
    answer = kit.api().post("/registrations", BODY)
    assert (answer.status_code, answer.json) == (202, {"name": "nora", "state": "made"})
    made = store.users.get("nora")
    assert made
    assert (made.roles, made.groups) == ((), ())


def test_a_form_that_is_refused_is_not_lost_but_for_the_password(kit: Kit) -> None:
    opened(kit)
    cases = [
        ({"name": "Nora!"}, 422, "is not a user name"),
        ({"name": "root"}, 422, "reserved"),
        ({"again": "something else"}, 422, "differ"),
        ({"new": "nora2024!", "again": "nora2024!"}, 422, "little more than a name"),
        ({"email": "nowhere"}, 422, "no such shape"),
    ]
    for change, status, said in cases:
        answer = kit.browser().submit("/login/register", {**FORM, **change})
        assert (answer.status_code, said in answer.text) == (status, True), change
        assert "Nora Example" in answer.text
        assert PASSWORD not in answer.text


def test_a_name_that_is_taken_meanwhile_stays_with_who_has_it(kit: Kit, root: User) -> None:
    opened(kit)
    kit.api().post("/registrations", BODY)
    taken = kit.user("nora")
    answer = kit.api(root).post("/registrations/nora/approve")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "user_exists")
    assert kit.services.accounts.get("nora") == taken


@pytest.mark.parametrize("approval", [False, True])
def test_nobody_registers_by_the_name_of_a_closed_account(kit: Kit, store: Store, approval: bool) -> None:
    opened(kit, registration_approval=approval)
    kit.user("nora")
    present = kit.api().post("/registrations", BODY)
    kit.services.bans.ban("nora", "", actor="root1")
    kit.services.accounts.remove("nora", actor="root1", leave_teams=kit.services.team.leave_all)
    closed = store.users.known("nora")
    answer = kit.api().post("/registrations", BODY)
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "user_exists")
    told = [{**one.json["error"], "request_id": ""} for one in (answer, present)]
    assert told[0] == told[1], "nobody learns that there was one"
    assert kit.browser().submit("/login/register", FORM).status_code == 409
    assert store.users.known("nora") == closed
    assert store.registrations.count() == 0


def test_what_waits_for_the_name_of_a_closed_account_is_not_approved(kit: Kit, store: Store, root: User) -> None:
    opened(kit)
    kit.api().post("/registrations", BODY)
    kit.user("nora")
    kit.services.accounts.remove("nora", actor="root1", leave_teams=kit.services.team.leave_all)
    closed = store.users.known("nora")
    answer = kit.api(root).post("/registrations/nora/approve")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "user_exists")
    assert store.users.known("nora") == closed
    again = kit.api(root).post("/users", {"name": "nora", "password": PASSWORD})
    assert again.status_code == 201, "an administrator opens it by its name"
    assert closed
    assert kit.services.accounts.get("nora").uid == closed.uid


def test_one_address_registers_so_often_in_an_hour(kit: Kit, store: Store) -> None:
    opened(kit)
    codes = [kit.api().post("/registrations", {**BODY, "name": f"n{n}", "email": "x"}).status_code for n in range(40)]
    assert codes == [422] * registration.ADDRESS_LIMIT + [429] * (40 - registration.ADDRESS_LIMIT)
    assert store.registrations.count() == 0


def test_no_more_wait_than_somebody_can_look_at(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(kit)
    monkeypatch.setattr(registration, "MOST_WAITING", 2)
    codes = [kit.api().post("/registrations", {**BODY, "name": f"nora{n}"}).status_code for n in range(3)]
    assert codes == [202, 202, 429]


def test_the_rules_are_changed_by_superusers_on_their_page(kit: Kit, store: Store, root: User) -> None:
    fields = {"open_registration": "1", "password_min_length": "12"}
    kit.browser(root).submit("/admin/accounts", fields)
    found = store.site.get()
    assert (found.open_registration, found.registration_approval, found.password_min_length) == (True, False, 12)
    for bad in ("7", "65", "x", ""):
        kit.browser(root).submit("/admin/accounts", {**fields, "password_min_length": bad})
        assert store.site.get().password_min_length == 12
    short = kit.api(root).post("/users", {"name": "sam", "password": "xK9#mQ2$vL7"})
    assert (short.status_code, "12 to 256" in short.json["error"]["hint"]) == (422, True)
    helga = kit.browser(kit.user("helga", "staff"))
    assert helga.submit("/admin/accounts", fields, "/admin/password-reset").status_code == 403


def test_people_close_their_own_account_with_their_password(kit: Kit, store: Store) -> None:
    kit.place()
    bob = kit.user("bob")
    browser, other = kit.browser(bob), kit.api(bob)
    browser.submit("/settings/delete", {"current": "not it"}, "/settings")
    assert store.users.get("bob")
    project = kit.project(bob)
    assert 'action="/settings/delete"' not in browser.get("/settings").text
    browser.submit("/settings/delete", {"current": PASSWORD}, "/settings")
    assert store.users.get("bob"), "who owns projects keeps the account"
    store.database.projects.delete_one({"_id": project.id})
    assert browser.submit("/settings/delete", {"current": PASSWORD}, "/settings").headers["Location"] == "/login"
    assert store.users.get("bob") is None
    assert other.get("/users/bob").status_code == 401
