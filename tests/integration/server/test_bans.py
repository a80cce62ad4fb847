# SPDX-License-Identifier: GPL-3.0-or-later
"""Bans: out of everything with one write, told to gateways and nodes, and back to what was there before."""

from __future__ import annotations

import pytest

from tests.integration.server.test_ssh_keys import key
from tests.serverkit import PASSWORD, Browser, GatewaySite, Kit
from wakari.core.errors import AppError
from wakari.core.messages import ProjectSpec
from wakari.projects import node_spec
from wakari.store import Store
from wakari.store.base import digest
from wakari.store.records import Project, User


@pytest.fixture
def root(kit: Kit) -> User:
    return kit.user("root1", "superuser")


@pytest.fixture
def bob(kit: Kit) -> User:
    return kit.user("bob")


def started(kit: Kit, owner: User, name: str = "demo") -> Project:
    project = kit.project(owner, name)
    kit.services.store.projects.mark_started(project.id)
    return project


def queued(store: Store) -> set[tuple[str, str]]:
    return {(task.project, task.verb) for task in store.tasks.page(requested_by=None, before=None, limit=50)}


def test_a_ban_ends_sessions_tokens_and_the_way_in(kit: Kit, root: User, bob: User) -> None:
    browser, api = kit.browser(bob), kit.api(bob)
    assert api.get("/users/bob").status_code == 200
    answer = kit.api(root).put("/users/bob/ban", {"reason": "Left the lab"})
    assert answer.status_code == 200
    assert answer.json["banned_at"]
    assert answer.json["ban_reason"] == "Left the lab"
    assert browser.get("/").status_code == 303
    assert api.get("/users/bob").status_code == 401
    again = kit.browser().submit("/login", {"username": "bob", "password": PASSWORD})
    assert again.status_code == 403
    assert "This account is banned. Reason: Left the lab" in again.text
    token = kit.api().post("/tokens", {"username": "bob", "password": PASSWORD})
    assert (token.status_code, token.json["error"]["code"]) == (403, "account_banned")


def test_who_does_not_know_the_password_does_not_hear_of_the_ban(kit: Kit, root: User, bob: User) -> None:
    kit.services.bans.ban(bob.name, "private", actor=root.name)
    answer = kit.api().post("/tokens", {"username": "bob", "password": "something else"})
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "sign_in_failed")


def test_a_session_that_was_opened_while_the_ban_was_written_is_none(kit: Kit, root: User, bob: User) -> None:
    kit.services.bans.ban(bob.name, "", actor=root.name)
    secret, session = kit.services.store.sessions.add("bob", 600)
    assert kit.services.sign_in.resume_session(secret) is None
    assert kit.services.sign_in.alive(session.id, "bob") is None
    token, _ = kit.services.store.tokens.add("bob", "late", 600)
    assert kit.services.sign_in.resume_token(token) is None
    with pytest.raises(AppError, match="banned"):
        kit.services.sign_in.issue_token(kit.services.accounts.get("bob"), "late", 600)


def test_gateways_hear_of_it_and_decide_no(kit: Kit, gateway_site: GatewaySite, root: User, bob: User) -> None:
    alice = kit.user("alice")
    kit.services.team.put(kit.caller(alice), kit.project(alice), "bob", "member")
    sid = kit.authorize("bob", gateway_site.data_center.id).id
    secret, _ = kit.services.sign_in.issue_token(bob, "t", 600)
    assert gateway_site.decide("alice", "demo", sid=sid, user="bob").json["level"] == "write"
    position = gateway_site.call("GET", "/changes").json["after"]
    kit.services.bans.ban("bob", "", actor=root.name)
    answer = gateway_site.call("GET", f"/changes?after={position}&wait=5").json
    # `reset`: the token's record is gone already (a TTL of a second here), and gateways decide everything anew.
    for change in ({"user": "bob"}, {"sid": sid}, {"token": digest(secret)}):
        assert answer["reset"] or change in answer["revoke"]
    assert gateway_site.decide("alice", "demo", sid=sid, user="bob").status_code == 401
    assert gateway_site.decide("alice", "demo", token=secret).status_code == 401
    act = {"node": "east-1", "person": "bob", "owner": "alice", "project": "demo", "environment": "default"}
    assert gateway_site.call("POST", "/acts", act).status_code == 404


def test_nodes_are_told_of_a_team_without_them(kit: Kit, store: Store, root: User, bob: User) -> None:
    kit.place()
    alice, carol = kit.user("alice"), kit.user("carol")
    kit.services.ssh_keys.add(bob, "laptop", key(1))
    kit.services.groups.add("makers", "", ["bob"], actor="test")
    by_name, by_group, own = started(kit, alice, "named"), started(kit, alice, "grouped"), started(kit, bob, "own")
    kit.services.team.put(kit.caller(alice), by_name, "bob", "member")
    kit.services.team.put_group(kit.caller(alice), by_group, "makers", "viewer")
    kit.services.team.put(kit.caller(bob), own, carol.name, "member")
    started(kit, carol, "elsewhere")
    store.database.tasks.delete_many({})
    before = node_spec(store, _now(store, own))
    assert before.owner.ssh_keys
    assert before.owner.ssh_keys.lines
    kit.services.bans.ban("bob", "", actor=root.name)
    verb = "apply-permissions"
    assert queued(store) == {("alice/named", verb), ("alice/grouped", verb), ("bob/own", verb)}
    assert [member.name for member in node_spec(store, _now(store, by_name)).members] == []
    assert [member.name for member in node_spec(store, _now(store, by_group)).members] == []
    spec = node_spec(store, _now(store, own))
    assert spec.owner.banned
    assert spec.owner.ssh_keys
    assert spec.owner.ssh_keys.lines == ()
    assert spec.owner.ssh_keys.revision > before.owner.ssh_keys.revision
    assert [member.name for member in spec.members] == ["carol"]
    assert ProjectSpec.model_validate(spec.model_dump(mode="json")) == spec
    assert "banned" not in before.model_dump_json()  # which a node of an older release would refuse
    kit.services.bans.unban("bob", actor=root.name)
    after = node_spec(store, _now(store, own))
    assert after.owner.ssh_keys
    assert after.owner.ssh_keys.lines == before.owner.ssh_keys.lines
    assert after.owner.ssh_keys.revision > spec.owner.ssh_keys.revision
    assert [member.name for member in node_spec(store, _now(store, by_group)).members] == ["bob"]


def _now(store: Store, project: Project) -> Project:
    found = store.projects.by_id(project.id)
    assert found
    return found


def test_an_unban_lets_in_again_and_brings_no_session_back(kit: Kit, root: User, bob: User) -> None:
    old = kit.api(bob)
    api = kit.api(root)
    api.put("/users/bob/ban", {})
    answer = api.delete("/users/bob/ban")
    assert (answer.status_code, answer.json["banned_at"], answer.json["ban_reason"]) == (200, None, "")
    assert old.get("/users/bob").status_code == 401
    assert kit.browser(bob).get("/").status_code == 200
    assert api.delete("/users/bob/ban").status_code == 200
    events = [event.event for event in kit.services.store.audit.latest(50, about="bob")]
    assert (events.count("user.ban"), events.count("user.unban")) == (1, 1)


def test_staff_ban_people_and_superusers_alone_ban_who_holds_a_role(kit: Kit, root: User, bob: User) -> None:
    helga = kit.user("helga", "staff")
    assert kit.api(helga).put(f"/users/{bob.name}/ban", {}).status_code == 200
    assert kit.api(helga).put("/users/root1/ban", {}).status_code == 403
    assert kit.api(helga).put("/users/helga/ban", {}).status_code == 403
    assert kit.api(root).put("/users/helga/ban", {}).status_code == 200
    assert kit.api(kit.user("eve")).put("/users/bob/ban", {}).status_code == 403


def test_nobody_bans_themselves_or_leaves_the_site_without_a_superuser(kit: Kit, root: User) -> None:
    other = kit.user("root2", "superuser")
    assert kit.api(root).put("/users/root1/ban", {}).json["error"]["code"] == "own_account"
    assert kit.api(root).put("/users/root2/ban", {}).status_code == 200
    assert other
    # The banned one is no reason to let the other go.
    with pytest.raises(AppError) as refused:
        kit.services.accounts.take_role("root1", "superuser", actor="root2")
    assert refused.value.code == "last_superuser"
    with pytest.raises(AppError) as refused:
        kit.services.bans.ban("root1", "", actor="wk-server-admin")
    assert refused.value.code == "last_superuser"
    assert kit.api(root).put("/users/nobody/ban", {}).status_code == 404
    assert kit.api(root).put("/users/root2/ban", {"reason": "two\nlines"}).status_code == 422


def test_a_removed_name_that_is_added_again_is_not_banned(kit: Kit, root: User, bob: User) -> None:
    kit.services.bans.ban(bob.name, "x", actor=root.name)
    kit.services.accounts.remove("bob", actor=root.name, leave_teams=kit.services.team.leave_all)
    assert kit.user("bob").banned_at is None


def test_the_person_page_bans_and_lets_in_again(kit: Kit, root: User, bob: User) -> None:
    browser: Browser = kit.browser(root)
    here = "/admin/users/bob"
    done = browser.submit(f"{here}/ban", {"ban": "1", "reason": "<b>why</b>"}, here)
    assert done.status_code == 303
    shown = browser.get(here).text
    assert "&lt;b&gt;why&lt;/b&gt;" in shown
    assert kit.services.accounts.get("bob").banned
    assert "Banned" in browser.get("/admin/users").text
    browser.submit(f"{here}/ban", {}, here)
    assert not kit.services.accounts.get("bob").banned
    assert browser.get("/admin/users/nobody").status_code == 404
    assert kit.browser(bob).get(here).status_code == 403
