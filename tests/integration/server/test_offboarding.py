# SPDX-License-Identifier: GPL-3.0-or-later
"""Off-boarding: all of a person in one act, with a report, and nothing given to whom it is not meant for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.integration.server.test_ssh_keys import key
from tests.serverkit import Kit
from wakari.core.errors import AppError
from wakari.projects import node_spec
from wakari.store import Store
from wakari.store.records import Project, User


@pytest.fixture
def root(kit: Kit) -> User:
    return kit.user("root1", "superuser")


@pytest.fixture
def bob(kit: Kit) -> User:
    """Somebody with a bit of everything."""
    kit.place("east", "e1")
    alice, bob = kit.user("alice"), kit.user("bob")
    shared = kit.services.team.put(kit.caller(alice), kit.project(alice), "bob", "member")
    kit.services.store.projects.mark_started(shared.id)
    kit.services.groups.add("makers", "", ["bob"], actor="test")
    kit.services.ssh_keys.add(bob, "laptop", key(1))
    kit.services.sign_in.issue_token(bob, "script", 600)
    kit.browser(bob)
    return bob


def test_who_owns_nothing_is_gone_with_a_report(kit: Kit, store: Store, root: User, bob: User) -> None:
    api = kit.api(root)
    plan = api.post("/users/bob/offboard", {"dry_run": True}).json
    assert plan["closed"] is False
    assert store.users.get("bob"), "a plan changes nothing"
    report = api.post("/users/bob/offboard", {}).json
    assert {**report, "at": plan["at"], "closed": False} == plan
    assert report["closed"] is True
    told = [report[name] for name in ("sessions", "tokens", "ssh_keys", "teams", "groups", "nodes", "projects")]
    assert told == [1, 1, 1, ["alice/demo"], ["makers"], ["e1"], []]
    assert store.users.get("bob") is None
    assert store.projects.joined("bob") == []
    assert kit.services.groups.people("makers") == []
    assert "apply-permissions" in {task.verb for task in store.tasks.page(requested_by=None, before=None, limit=9)}
    entry = next(event for event in store.audit.latest(20, about="bob") if event.event == "user.offboard")
    assert (entry.actor, entry.detail["closed"], entry.detail["teams"]) == ("root1", True, 1)
    assert kit.user("bob").uid == bob.uid, "the name keeps its uid"


def test_who_owns_projects_needs_an_heir_and_nothing_happens_without(kit: Kit, root: User, bob: User) -> None:
    kit.project(bob, "own")
    api = kit.api(root)
    for heir, code in (("", "heir_needed"), ("nobody", "heir_unknown"), ("bob", "heir_unknown")):
        answer = api.post("/users/bob/offboard", {"heir": heir})
        assert (answer.status_code, answer.json["error"]["code"]) == (422, code)
    assert not kit.services.accounts.get("bob").banned
    kit.user("eve")
    kit.services.bans.ban("eve", "", actor="root1")
    assert api.post("/users/bob/offboard", {"heir": "eve"}).status_code == 422


def test_projects_go_to_the_heir_and_the_account_is_closed(kit: Kit, store: Store, root: User, bob: User) -> None:
    for name in ("own", "started"):
        made = kit.project(bob, name)
    store.projects.mark_started(made.id)
    report = kit.api(root).post("/users/bob/offboard", {"heir": "alice"}).json
    assert report["closed"] is True
    assert [(one["project"], one["to"], one["reason"]) for one in report["projects"]] == [
        ("bob/own", "alice", ""),
        ("bob/started", "alice", ""),
    ]
    assert store.users.get("bob") is None
    assert {project.path for project in store.projects.owned("alice")} == {"alice/demo", "alice/own", "alice/started"}
    moved = store.projects.get("alice", "started")
    assert moved
    assert "bob" not in {entry.user for entry in moved.members}
    spec = node_spec(store, moved)
    assert (spec.owner.name, [member.name for member in spec.members]) == ("alice", [])


def test_a_project_that_cannot_change_hands_keeps_the_account_open_and_banned(
    kit: Kit, store: Store, root: User, bob: User
) -> None:
    kit.project(bob, "busy")
    kit.project(bob, "quiet")
    handed: list[str] = []

    def hand_over(project: Project, to: str, actor: str) -> None:
        if project.name == "busy" and not handed:
            handed.append("")
            raise AppError("project_busy", "It starts just now.", hint="Try again.", status=409)
        handed.append(f"{project.path} {to} {actor}")
        store.database.projects.update_one({"_id": project.id}, {"$set": {"owner": to}})

    offboarding = replace(kit.services.offboarding, hand_over=hand_over)
    first = offboarding.run("bob", "alice", actor=root.name)
    assert not first.closed
    assert [(one.project, one.reason) for one in first.projects] == [
        ("bob/busy", "It starts just now. Try again."),
        ("bob/quiet", ""),
    ]
    assert kit.services.accounts.get("bob").banned
    again = offboarding.run("bob", "alice", actor=root.name)
    assert again.closed
    assert handed[1:] == ["bob/quiet alice root1", "bob/busy alice root1"]
    assert store.users.get("bob") is None


def test_staff_hand_nobodys_projects_over(kit: Kit, root: User, bob: User) -> None:
    kit.project(bob, "own")
    helga = kit.user("helga", "staff")
    assert kit.api(helga).post("/users/bob/offboard", {"heir": "helga"}).status_code == 403
    assert kit.api(bob).post("/users/bob/offboard", {"heir": "alice"}).status_code == 403
    assert kit.api(root).post("/users/root1/offboard", {}).json["error"]["code"] == "own_account"
    browser = kit.browser(helga)
    assert "Off-board" not in browser.get("/admin/users/bob").text
    assert browser.submit("/admin/users/bob/offboard", {"heir": "helga"}, "/admin/users/bob").status_code == 403


def test_the_page_shows_the_report(kit: Kit, root: User, bob: User) -> None:
    browser = kit.browser(root)
    here = "/admin/users/bob"
    done = browser.submit(f"{here}/offboard", {"heir": ""}, here)
    assert (done.status_code, "The account of bob is closed" in done.text, bob.name) == (200, True, "bob")
    assert "alice/demo" in done.text
    refused = browser.submit("/admin/users/alice/offboard", {"heir": ""}, "/admin/users/alice")
    assert (refused.status_code, "Name the person who gets them" in refused.text) == (422, True)
