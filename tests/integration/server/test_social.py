# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags, stars, related projects, and the pages on which projects are found."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.serverkit import Kit
from wakari.access import Caller
from wakari.store import Store
from wakari.store.records import Project, User
from wakari.store.words import searched, words_of


@pytest.fixture
def alice(kit: Kit) -> User:
    kit.place("east")
    return kit.user("alice")


@pytest.fixture
def project(kit: Kit, alice: User) -> Project:
    return kit.project(alice, "seaLevel-2019", tags=["ocean"], public=True)


def now(store: Store, project: Project) -> Project:
    found = store.projects.by_id(project.id)
    assert found
    return found


def test_a_project_is_found_by_its_words(project: Project) -> None:
    assert {"alice", "sealevel-2019", "sea", "level", "2019", "ocean", "oc"} <= set(project.words)
    assert words_of("a", "x", ()) == ["a", "x"]
    assert searched("  Sea, LEVEL of-the-sea ") == ["of-the-sea", "level", "sea"]


def test_tags_are_kept_in_order_and_bad_ones_refused(kit: Kit, alice: User, project: Project) -> None:
    path, api = f"/projects/{project.path}", kit.api(alice)
    assert api.patch(path, {"tags": ["soil", "ice", "soil"]}).json["tags"] == ["ice", "soil"]
    for bad in (["Ice"], ["a b"], ["<b>"], [""], ["x" * 31]):
        answer = api.patch(path, {"tags": bad})
        assert (answer.status_code, answer.json["error"]["code"]) == (422, "tag_invalid"), bad
    many = api.post("/projects", {"name": "many", "tags": [f"t{number}" for number in range(21)]})
    assert many.status_code == 422
    assert api.get(path).json["tags"] == ["ice", "soil"]
    kit.services.team.put(kit.caller(alice), project, kit.user("bob").name, "member")
    assert kit.api(kit.services.accounts.get("bob")).patch(path, {"tags": []}).status_code == 403


def test_a_star_counts_once(kit: Kit, alice: User, project: Project, store: Store) -> None:
    api, path = kit.api(alice), f"/projects/{project.path}/star"
    assert [api.put(path).json["stars"], api.put(path).json["stars"]] == [1, 1]
    assert [api.delete(path).json["stars"], api.delete(path).json["stars"]] == [0, 0]
    hidden = kit.project(alice, "hidden", public=False)
    assert kit.api(kit.user("bob")).put(f"/projects/{hidden.path}/star").status_code == 404
    assert now(store, hidden).stars == 0


def test_many_stars_at_once_are_all_counted(kit: Kit, project: Project, store: Store) -> None:
    people = [Caller.of(f"p{number}", ()) for number in range(12)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: kit.services.social.star(one, project, given=True), people * 2))
    assert now(store, project).stars == 12
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda one: kit.services.social.star(one, project, given=False), people[:5] * 2))
    assert now(store, project).stars == 7


def test_stars_go_with_the_person(kit: Kit, project: Project, store: Store) -> None:
    bob = kit.user("bob")
    kit.services.social.star(kit.caller(bob), project, given=True)
    kit.services.accounts.remove("bob", actor="root", leave_teams=kit.services.team.leave_all)
    assert now(store, project).stars == 0


def test_related_are_those_one_may_see_that_share_most(kit: Kit, alice: User, project: Project) -> None:
    bob = kit.user("bob")
    kit.project(bob, "open", tags=["ocean"], public=True)
    kit.project(bob, "closed", tags=["ocean"], public=False)
    kit.project(bob, "other", tags=["soil"], public=True)
    kit.project(alice, "mine", tags=["ocean", "soil"])
    assert [one.name for one in kit.services.social.related(kit.caller(alice), project)] == ["mine", "open"]


def test_collaborators_and_tags_of_a_person(kit: Kit, alice: User, project: Project) -> None:
    kit.user("bob")
    kit.user("carol")
    kit.services.team.put(kit.caller(alice), project, "bob", "viewer")
    kit.project(alice, "second", members={"bob": "member", "carol": "member"}, tags=["ocean", "ice"])
    social = kit.services.social
    assert social.collaborators(kit.caller(alice), 5) == [("bob", 2), ("carol", 1)]
    assert social.tags(kit.caller(alice), 5) == [("ocean", 2), ("ice", 1)]


def test_the_pages_find_and_star(kit: Kit, alice: User, project: Project) -> None:
    bob = kit.user("bob")
    browser = kit.browser(bob)
    page = browser.get("/projects?tab=public&q=sea%20oce").text
    assert "seaLevel-2019" in page
    assert "No project of this list" in browser.get("/projects?tab=public&q=zebra").text
    assert "seaLevel-2019" not in browser.get("/projects?tab=starred").text
    browser.submit(f"/{project.path}/star", {"given": "yes"}, f"/{project.path}")
    assert "seaLevel-2019" in browser.get("/projects?tab=starred").text
    assert browser.get("/projects?tab=nonsense").status_code == 422
    assert "&lt;script&gt;" in browser.get("/projects?q=<script>alert(1)</script>").text
    mine = kit.browser(alice)
    mine.submit(
        f"/{project.path}/settings",
        {"summary": "S", "tags": "ice, soil", "visibility": "private"},
        f"/{project.path}/settings",
    )
    assert ">soil</a>" in mine.get(f"/{project.path}").text
    assert "seaLevel-2019" not in browser.get("/projects?tab=starred").text  # private by now


def test_lists_go_on_where_they_ended(kit: Kit, alice: User) -> None:
    for number in range(30):
        kit.project(alice, f"n{number:02}")
    browser = kit.browser(alice)
    first = browser.get("/projects").text
    assert ("n24</a>" in first, "n25</a>" in first, "after=alice/n24" in first) == (True, False, True)
    second = browser.get("/projects?after=alice/n24").text
    assert ("n25</a>" in second, "n29</a>" in second, "Next page" in second) == (True, True, False)


def test_projects_of_before_get_words(project: Project, store: Store) -> None:
    store.database["projects"].update_one({"_id": project.id}, {"$unset": {"words": ""}})
    assert "projects.words" in store.init()
    assert now(store, project).words == project.words
    assert store.init() == []
