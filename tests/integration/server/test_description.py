# SPDX-License-Identifier: GPL-3.0-or-later
"""The description of a project: written by its owner, shown on its page, harmless whatever it says."""

from __future__ import annotations

import re

import pytest

from tests.serverkit import Browser, Kit
from wakari.store import Store
from wakari.store.records import Project, User

HERE = "/alice/demo"
TEXT = "# Ice\n\nFrom **Dome C**, see [the data](https://ice.test/data).\n"
FORM = {"summary": "Ice", "tags": "ice", "visibility": "private"}


@pytest.fixture
def alice(kit: Kit) -> User:
    kit.place()
    return kit.user("alice")


@pytest.fixture
def project(kit: Kit, alice: User) -> Project:
    return kit.project(alice)


@pytest.fixture
def browser(kit: Kit, alice: User, project: Project) -> Browser:
    del project
    return kit.browser(alice)


def written(store: Store) -> str:
    found = store.projects.get("alice", "demo")
    assert found
    return found.description


def test_it_is_given_and_changed_by_the_api(kit: Kit, alice: User) -> None:
    api = kit.api(alice)
    made = api.post("/projects", {"name": "demo", "description": "one\r\ntwo\r\n"})
    assert made.json["description"] == "one\ntwo"
    changed = api.patch("/projects" + HERE, {"description": TEXT})
    assert changed.json["description"] == TEXT.rstrip()
    assert api.patch("/projects" + HERE, {"summary": "Ice"}).json["description"] == TEXT.rstrip()
    assert api.get("/projects" + HERE).json["summary"] == "Ice"


@pytest.mark.parametrize("text", ["x" * 5001, "bell\x07", "half \ud800"])
def test_what_cannot_be_kept_is_refused(kit: Kit, alice: User, project: Project, text: str) -> None:
    answer = kit.api(alice).patch(f"/projects/{project.path}", {"description": text})
    assert answer.status_code == 422
    assert written(kit.services.store) == ""


def test_the_page_shows_it(browser: Browser, store: Store) -> None:
    assert browser.submit(f"{HERE}/settings", {**FORM, "description": TEXT}).status_code == 303
    assert written(store) == TEXT.rstrip()
    page = browser.get(HERE).text
    assert "<h3>Ice</h3>" in page
    assert '<a href="https://ice.test/data" rel="noopener nofollow">the data</a>' in page
    assert "# Ice" in browser.get(f"{HERE}/settings").text
    assert browser.submit(f"{HERE}/settings", FORM).status_code == 303
    assert written(store) == TEXT.rstrip(), "a form without the field leaves it"
    browser.submit(f"{HERE}/settings", {**FORM, "description": ""})
    assert 'id="description"' not in browser.get(HERE).text


def test_a_preview_changes_nothing_and_keeps_what_was_typed(browser: Browser, store: Store) -> None:
    answer = browser.submit(f"{HERE}/settings", {**FORM, "description": TEXT, "preview": "yes"})
    assert answer.status_code == 200
    preview = re.search(r'id="preview".*?<h3>Ice</h3>', answer.text, re.DOTALL)
    assert preview
    assert "From **Dome C**" in answer.text
    assert 'value="ice"' in answer.text
    assert written(store) == ""


def test_what_was_typed_comes_back_with_the_reason(browser: Browser, store: Store) -> None:
    answer = browser.submit(f"{HERE}/settings", {**FORM, "summary": "kept", "description": "x" * 5001})
    assert answer.status_code == 422
    assert "up to 5000 characters" in answer.text
    assert ('value="kept"' in answer.text, "x" * 5001 in answer.text) == (True, True)
    assert written(store) == ""


def test_the_team_reads_it_and_the_owner_alone_writes(kit: Kit, browser: Browser, store: Store) -> None:
    browser.submit(f"{HERE}/settings", {**FORM, "description": TEXT})
    project = store.projects.get("alice", "demo")
    assert project
    bob = kit.user("bob")
    kit.services.team.put(kit.caller(kit.services.accounts.get("alice")), project, "bob", "member")
    assert "<h3>Ice</h3>" in kit.browser(bob).get(HERE).text
    assert kit.api(bob).patch("/projects" + HERE, {"description": "mine"}).status_code == 403
    for fields in ({"description": "mine"}, {"description": "mine", "preview": "yes"}):
        assert kit.browser(bob).submit(f"{HERE}/settings", fields, "/settings").status_code == 403
    assert written(store) == TEXT.rstrip()


HOSTILE = "<script>alert(1)</script>\n\n[x](javascript:alert(1))\n\n</textarea><img src=x onerror=alert(1)>"


def test_a_hostile_one_runs_nowhere(browser: Browser) -> None:
    browser.submit(f"{HERE}/settings", {**FORM, "description": HOSTILE})
    preview = browser.submit(f"{HERE}/settings", {**FORM, "description": HOSTILE, "preview": "yes"})
    for answer in (browser.get(HERE), browser.get(f"{HERE}/status"), browser.get(f"{HERE}/settings"), preview):
        assert answer.status_code == 200
        assert "&lt;script&gt;alert(1)" in answer.text
        for piece in ("<script>alert", "<img src=x", 'href="javascript'):
            assert piece not in answer.text
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in policy


def test_the_log_tells_that_it_changed_and_not_what_it_says(browser: Browser, store: Store) -> None:
    browser.submit(f"{HERE}/settings", {**FORM, "description": TEXT})
    event = next(one for one in store.audit.latest(10) if one.event == "project.update")
    assert event.detail["description"] == "changed"
