# SPDX-License-Identifier: GPL-3.0-or-later
"""What nodes report: stored for their own projects alone, shown to whom it concerns; what they are asked in turn."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from tests.serverkit import GatewaySite, Kit
from wakari.projects.reports import is_silent
from wakari.store import Store
from wakari.store.base import now
from wakari.store.records import Project

BEGAN = 1_795_600_000.0


def app(user: str, name: str = "lab", owner: str = "alice", project: str = "demo", **fields: Any) -> dict[str, Any]:
    return {"owner": owner, "project": project, "user": user, "app": name, "since": BEGAN, "memory": 4096} | fields


def report(node: str = "east-1", **fields: Any) -> dict[str, Any]:
    return {
        "node": node,
        "interval": 30,
        "load": [0.5, 0.4, 0.3],
        "cores": 2,
        "memory_total": 1000,
        "memory_available": 500,
    } | fields


def send(site: GatewaySite, **fields: Any) -> dict[str, Any]:
    answer = site.call("POST", "/reports", report(**fields))
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json
    return told


def made(kit: Kit, *team: str) -> Project:
    alice = kit.user("alice")
    project = kit.project(alice, data_center="east")
    for name in team:
        project = kit.services.team.put(kit.caller(alice), project, kit.user(name).name, "member")
    return project


def test_a_report_is_shown_on_the_node_and_the_project(kit: Kit, gateway_site: GatewaySite) -> None:
    made(kit, "bob")
    send(gateway_site, apps=[app("alice"), app("bob", stops_at=BEGAN + 60, warned=True)])
    admin = kit.user("wakari", "superuser")
    node = kit.api(admin).get("/nodes/east-1/activity").json
    assert (node["load"], node["apps"], node["silent"]) == ([0.5, 0.4, 0.3], 2, False)
    activity = kit.api(kit.services.store.users.get("bob")).get("/projects/alice/demo/activity").json
    assert activity["last_heartbeat"] is not None
    assert [(one["user"], one["memory"]) for one in activity["nodes"][0]["apps"]] == [("alice", 4096), ("bob", 4096)]
    browser = kit.browser(kit.services.store.users.get("bob"))
    page = browser.get("/alice/demo").text
    assert "Nobody uses Lab: it stops at" in page
    seen = re.search(r"status\?seen=(\w+)", page)
    assert seen
    live = f"/alice/demo/status?seen={seen[1]}"
    assert browser.get(live).status_code == 204
    send(gateway_site, apps=[app("alice"), app("bob")])  # bob is back: an open page hears of it
    assert "Nobody uses" not in browser.get(live).text
    assert browser.get(live).status_code == 200
    assert "just now" in kit.browser(admin).get("/admin/nodes").text


def test_what_ended_is_gone_and_the_last_heartbeat_stays(kit: Kit, gateway_site: GatewaySite, store: Store) -> None:
    project = made(kit)
    send(gateway_site, apps=[app("alice")])
    first = store.uses.of_project(project.id)[0]
    send(gateway_site)
    after = store.uses.of_project(project.id)[0]
    assert (after.apps, after.heartbeat) == ((), first.heartbeat)


def test_an_app_that_was_stopped_says_why_until_it_is_opened_again(kit: Kit, gateway_site: GatewaySite) -> None:
    made(kit, "bob")
    why = "stopped after 12 h without activity"
    send(
        gateway_site,
        stopped=[{"owner": "alice", "project": "demo", "user": "bob", "app": "lab", "at": BEGAN, "reason": why}],
    )
    bob, alice = (kit.browser(kit.services.store.users.get(name)) for name in ("bob", "alice"))
    assert f"Lab was {why}" in bob.get("/alice/demo").text
    assert why not in alice.get("/alice/demo").text  # it is not hers
    send(gateway_site)
    assert why not in bob.get("/alice/demo").text


def test_readers_of_a_public_project_do_not_learn_who_works_in_it(kit: Kit, gateway_site: GatewaySite) -> None:
    alice = kit.user("alice")
    kit.project(alice, data_center="east", public=True)
    send(gateway_site, apps=[app("alice"), app("carol", "viewer")])
    activity = kit.api(kit.user("carol")).get("/projects/alice/demo/activity").json
    assert [one["user"] for one in activity["nodes"][0]["apps"]] == ["carol"]


def test_a_node_speaks_of_projects_that_live_on_it_alone(kit: Kit, gateway_site: GatewaySite, store: Store) -> None:
    kit.place("west")
    alice = kit.user("alice")
    elsewhere = kit.project(alice, "elsewhere", data_center="west")
    send(gateway_site, apps=[app("alice", project="elsewhere"), app("alice", project="nothing")])
    assert store.uses.of_project(elsewhere.id) == []
    assert store.database.project_use.count_documents({}) == 0
    foreign = gateway_site.call("POST", "/reports", report("west-1"))
    assert (foreign.status_code, foreign.json["error"]["code"]) == (404, "node_unknown")
    west = store.nodes.get("west-1")
    assert west
    assert west.heartbeat is None


@pytest.mark.parametrize(
    "fields",
    [
        {"node": {"$ne": ""}},
        {"extra": 1},
        {"load": [1, 2]},
        {"interval": -1},
        {"apps": [{"owner": "alice"}]},
        {"apps": [app("alice", since=1e12)]},
        {"apps": [app("alice", since="nan")]},
        {"apps": [app("../x")]},
        {"apps": [app("alice")] * 2001},
        {"stopped": [app("alice", at=1, reason="x" * 301)]},
        {"permissions": [{"owner": "alice", "project": "demo", "at": 1, "examples": ["x"] * 21}]},
    ],
)
def test_what_breaks_the_contract_is_refused(gateway_site: GatewaySite, fields: dict[str, Any]) -> None:
    assert gateway_site.call("POST", "/reports", report(**fields)).status_code == 422


def test_a_large_report_is_taken_and_a_larger_one_not(kit: Kit, gateway_site: GatewaySite) -> None:
    made(kit)
    many = [app("alice", f"a{number}", cpu=0.123456789, cpu_seconds=1234.5678, idle=1234.5) for number in range(2000)]
    send(gateway_site, apps=many)
    huge = gateway_site.call("POST", "/reports", report() | {"node": "x" * (1 << 20)})
    assert huge.status_code == 413


def test_a_node_that_says_nothing_for_three_intervals_is_silent(gateway_site: GatewaySite, store: Store) -> None:
    send(gateway_site)
    node = store.nodes.get("east-1")
    assert node
    assert not is_silent(node, now() + timedelta(seconds=85))
    assert is_silent(node, now() + timedelta(seconds=95))


def test_nobody_else_reports(kit: Kit, gateway_site: GatewaySite) -> None:
    assert gateway_site.call("POST", "/reports", report(), secret="x" * 43).status_code == 401
    root = kit.token(kit.user("wakari", "superuser"))
    headers = {"Authorization": f"Bearer {root}"}
    assert kit.app.test_client().post("/api/internal/v1/reports", json=report(), headers=headers).status_code == 401


def act(person: str, **fields: Any) -> dict[str, Any]:
    return {"node": "east-1", "person": person, "owner": "alice", "project": "demo", "environment": "new"} | fields


def test_who_may_write_chooses_the_environment_and_nodes_hear_of_it(kit: Kit, gateway_site: GatewaySite) -> None:
    project = made(kit, "bob")
    assert gateway_site.call("POST", "/acts", act("bob")).json["environment"] == "new"
    assert kit.services.store.audit.latest(1)[0].detail == {"environment": "new"}
    token = kit.token(kit.services.store.users.get("bob"))  # type: ignore[arg-type]
    assert gateway_site.decide("alice", project.name, token=token).json["project"]["environment"] == "new"


def test_nobody_else_chooses_the_environment(kit: Kit, gateway_site: GatewaySite, store: Store) -> None:
    alice = kit.user("alice")
    project = kit.project(alice, data_center="east", public=True)
    kit.services.team.put(kit.caller(alice), project, kit.user("viewer").name, "viewer")
    kit.user("wakari", "superuser")
    kit.place("west")
    kit.project(alice, "elsewhere", data_center="west")
    told = {
        "viewer": act("viewer"),
        "stranger": act(kit.user("stranger").name),
        "superuser": act("wakari"),
        "unknown": act("nobody1"),
        "another node": act("alice", node="west-1"),
        "another project": act("alice", project="elsewhere"),
        "no name": act("alice", environment="a/b"),
    }
    statuses = {name: gateway_site.call("POST", "/acts", body).status_code for name, body in told.items()}
    assert statuses == {
        "viewer": 403,
        "stranger": 403,
        "superuser": 403,
        "unknown": 404,
        "another node": 404,
        "another project": 404,
        "no name": 422,
    }
    assert {one.environment for one in store.projects.owned("alice")} == {"default"}


def test_the_api_lets_members_choose_the_environment_and_nothing_else(kit: Kit, gateway_site: GatewaySite) -> None:
    made(kit, "bob")
    assert gateway_site.data_center.name == "east"
    bob = kit.api(kit.services.store.users.get("bob"))
    assert bob.patch("/projects/alice/demo", {"environment": "new"}).json["environment"] == "new"
    assert bob.patch("/projects/alice/demo", {"environment": "new", "summary": "x"}).status_code == 403
    assert bob.patch("/projects/alice/demo", {"environment": "../new"}).status_code == 422
    assert bob.get("/projects/alice/demo").json["summary"] == ""


def test_permissions_are_checked_once_a_day_one_project_at_a_time(
    kit: Kit, gateway_site: GatewaySite, store: Store
) -> None:
    alice = kit.user("alice")
    projects = [kit.project(alice, name, data_center="east") for name in ("one", "two", "never-started")]
    for project in projects[:2]:
        store.projects.mark_started(project.id)
    asked = [spec["name"] for _ in range(3) for spec in send(gateway_site)["check_permissions"]]
    assert asked == ["one", "two"]  # asked for and not answered: not at once again
    told = {
        "owner": "alice",
        "project": "one",
        "at": BEGAN,
        "checked": 9,
        "wrong": 2,
        "examples": ["data/x (bob): u::rw-"],
    }
    send(gateway_site, permissions=[told])
    shown = kit.api(kit.user("wakari", "superuser")).get("/permission-drift").json["items"]
    assert [(one["project"], one["wrong"], one["checked"]) for one in shown] == [("alice/one", 2, 9)]
    page = kit.browser(kit.services.store.users.get("wakari")).get("/admin/permissions").text
    assert "alice/one" in page
    assert "data/x (bob)" in page
    for field in ("asked_at", "at"):
        store.database.drift.update_many({}, {"$set": {field: now() - timedelta(days=2)}})
    assert [spec["name"] for spec in send(gateway_site)["check_permissions"]] == ["one"]
