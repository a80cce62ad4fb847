# SPDX-License-Identifier: GPL-3.0-or-later
"""Reset links: one use, an end, nothing that is stored or logged opens an account."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.serverkit import PASSWORD, Kit
from wakari.core.errors import AppError
from wakari.store import Store
from wakari.store.base import now
from wakari.store.records import User

NEW = "another long password"


@pytest.fixture
def root(kit: Kit) -> User:
    return kit.user("root1", "superuser")


@pytest.fixture
def bob(kit: Kit) -> User:
    return kit.user("bob")


def link(kit: Kit, actor: User, name: str = "bob") -> str:
    answer = kit.api(actor).post(f"/users/{name}/reset-link")
    assert answer.status_code == 201, answer.text
    url: str = answer.json["url"]
    assert url.startswith("http://server.test/login/reset#")
    return url.rpartition("#")[2]


def reset(kit: Kit, code: str, password: str = NEW) -> int:
    fields = {"code": code, "new": password, "again": password}
    return kit.browser().submit("/login/reset", fields).status_code


def test_a_link_sets_the_password_once_and_ends_sessions(kit: Kit, root: User, bob: User) -> None:
    browser, api = kit.browser(bob), kit.api(bob)
    code = link(kit, root)
    assert reset(kit, code) == 303
    assert browser.get("/").status_code == 303
    assert api.get("/users/bob").status_code == 200  # a token is no session: scripts go on
    assert kit.browser().submit("/login", {"username": "bob", "password": PASSWORD}).status_code == 401
    assert kit.browser().submit("/login", {"username": "bob", "password": NEW}).status_code == 303
    assert reset(kit, code, "yet another long one") == 410


def test_a_password_that_is_refused_does_not_use_the_link_up(kit: Kit, root: User, bob: User) -> None:
    code = link(kit, root, bob.name)
    browser = kit.browser()
    for fields in ({"new": "12345678", "again": "12345678"}, {"new": "bob-2024-!", "again": "x"}):
        answer = browser.submit("/login/reset", {"code": code, **fields})
        assert answer.status_code == 422
        assert code in answer.text  # so that it need not be pasted again
    assert reset(kit, f"http://server.test/login/reset#{code}") == 303


def test_of_many_uses_at_the_same_time_one_counts(kit: Kit, root: User, bob: User) -> None:
    code = link(kit, root, bob.name)

    def use(number: int) -> bool:
        try:
            kit.services.resets.redeem(code, f"a long password {number}")
        except AppError as error:
            return error.code != "reset_link_invalid"
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(use, range(8))) == 1


def test_a_new_link_ends_the_former_and_time_ends_each(kit: Kit, store: Store, root: User, bob: User) -> None:
    first, second = link(kit, root, bob.name), link(kit, root)
    assert reset(kit, first) == 410
    store.database.resets.update_many({}, {"$set": {"expires_at": now() - timedelta(seconds=1)}})
    assert reset(kit, second) == 410
    for code in ("", "nonsense", "$ne", "x" * 5000):
        assert reset(kit, code) == 410


def test_neither_the_database_nor_a_log_holds_it(
    kit: Kit, store: Store, root: User, bob: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    code = link(kit, root, bob.name)
    assert reset(kit, code, "12345678") == 422
    assert reset(kit, code) == 303
    for name in store.database.list_collection_names():
        assert code not in json.dumps(list(store.database[name].find()), default=str), name
    assert code not in caplog.text
    assert NEW not in caplog.text
    events = [(event.event, event.actor) for event in store.audit.latest(20, about="bob")]
    assert ("user.reset.make", "root1") in events
    assert ("user.reset.use", "bob") in events


def test_who_is_banned_or_gone_has_no_link(kit: Kit, root: User, bob: User) -> None:
    code = link(kit, root, bob.name)
    kit.services.bans.ban("bob", "", actor="root1")
    assert reset(kit, code) == 410
    assert kit.api(root).post("/users/bob/reset-link").json["error"]["code"] == "account_banned"
    kit.services.bans.unban("bob", actor="root1")
    code = link(kit, root)
    kit.services.accounts.remove("bob", actor="root1", leave_teams=kit.services.team.leave_all)
    kit.user("bob")
    assert reset(kit, code) == 410, "the link of a closed account opens none that is made later"


def test_who_has_a_password_elsewhere_has_no_link(kit: Kit, store: Store, root: User, bob: User) -> None:
    kit.services.accounts.link(bob.name, "ldap", "entry-1", actor="root1")
    answer = kit.api(root).post("/users/bob/reset-link")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "password_elsewhere")
    page = kit.browser(root).submit("/admin/password-reset", {"name": bob.name})
    assert (page.status_code, "is not kept here" in page.text) == (409, True)
    assert store.database.resets.count_documents({}) == 0


def test_staff_make_links_of_people_without_a_role_alone(kit: Kit, root: User, bob: User) -> None:
    helga = kit.user("helga", "staff")
    assert link(kit, helga, bob.name)
    for name in (root.name, "helga"):
        assert kit.api(helga).post(f"/users/{name}/reset-link").status_code == 403
    assert kit.api(bob).post("/users/bob/reset-link").status_code == 403


def test_the_page_shows_a_link_once(kit: Kit, root: User, bob: User) -> None:
    browser = kit.browser(root)
    answer = browser.submit("/admin/password-reset", {"name": bob.name})
    code = answer.text.partition("/login/reset#")[2].partition("<")[0]
    assert code not in browser.get("/admin/password-reset").text
    assert reset(kit, code) == 303
    unknown = browser.submit("/admin/password-reset", {"name": "nobody"})
    assert (unknown.status_code, "There is no user" in unknown.text) == (404, True)
    helga = kit.browser(kit.user("helga", "staff"))
    assert helga.submit("/admin/password-reset", {"name": "root1"}).status_code == 403
