# SPDX-License-Identifier: GPL-3.0-or-later
"""People to pick for a team: who may ask, who is offered."""

from __future__ import annotations

import re

from tests.serverkit import Browser, Kit


def offered(browser: Browser, letters: str) -> list[str]:
    answer = browser.get("/alice/demo/people", query_string={"user": letters})
    assert answer.status_code == 200
    return re.findall(r'value="([^"]*)"', answer.text)


def test_names_that_begin_as_typed_and_are_not_in_the_team(kit: Kit) -> None:
    kit.place()
    owner = kit.user("alice")
    kit.project(owner)
    for name in ("albert", "alma", "bob", "al_x"):
        kit.user(name)
    kit.services.accounts.set_profile("alma", full_name='Alma "><script>', email="", actor="test")
    browser = kit.browser(owner)
    assert offered(browser, "al") == ["al_x", "albert", "alma"]
    assert offered(browser, "ALB") == ["albert"]
    assert "<script>" not in browser.get("/alice/demo/people?user=alma").text
    kit.services.team.put(kit.caller(owner), kit.services.store.projects.owned("alice")[0], "albert", "viewer")
    assert offered(browser, "al") == ["al_x", "alma"]
    for letters in ("", ".*", "{", "a" * 500, "\uffff"):
        assert offered(browser, letters) == []


def test_at_most_eight_are_offered(kit: Kit) -> None:
    kit.place()
    owner = kit.user("alice")
    kit.project(owner)
    for number in range(12):
        kit.services.store.users.add(f"many{number:02}", password_hash="", full_name="", email="", roles=[])
    assert offered(kit.browser(owner), "many") == [f"many{number:02}" for number in range(8)]


def test_only_who_changes_the_team_is_told_names(kit: Kit) -> None:
    kit.place()
    owner = kit.user("alice")
    project = kit.project(owner)
    member, stranger = kit.user("bob"), kit.user("eve")
    kit.services.team.put(kit.caller(owner), project, "bob", "member")
    assert kit.browser(member).get("/alice/demo/people?user=a").status_code == 403
    assert kit.browser(stranger).get("/alice/demo/people?user=a").status_code == 404
    assert kit.browser().get("/alice/demo/people?user=a").status_code == 303
