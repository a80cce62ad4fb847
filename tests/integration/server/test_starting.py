# SPDX-License-Identifier: GPL-3.0-or-later
"""What a gateway is told, and may ask for, when somebody opens an app of a project that does not run."""

from __future__ import annotations

from typing import Any

import pytest

from tests.serverkit import GatewaySite, Kit
from wakari.core import tokens
from wakari.store import Store
from wakari.store.records import Project, Task


def ask(kit: Kit, gateway: GatewaySite, user: str, start: str = "no", **body: Any) -> tuple[int, dict[str, Any]]:
    found = kit.services.store.users.get(user)
    credential = {"token": kit.token(found)} if found else {"anonymous": True}
    content = {"credential": credential, "owner": "alice", "project": "demo", "start": start, **body}
    answer = gateway.call("POST", "/starting", content)
    told: dict[str, Any] = answer.json
    return answer.status_code, told


@pytest.fixture
def project(kit: Kit, gateway_site: GatewaySite) -> Project:
    """A stopped project of alice with a member, a viewer and a stranger about; it lives at the gateway."""
    alice = kit.user("alice")
    for name in ("bob", "vera", "mallory"):
        kit.user(name)
    made = kit.project(alice, data_center=gateway_site.data_center.name)
    made = kit.services.team.put(kit.caller(alice), made, "bob", "member")
    return kit.services.team.put(kit.caller(alice), made, "vera", "viewer")


def state_of(store: Store, project: Project) -> str:
    found = store.projects.by_id(project.id)
    assert found is not None
    return found.state


def put_in_error(store: Store, project: Project) -> None:
    store.transaction(lambda tx: store.projects.fail(project.id, "Starting it: no space left.", tx))


@pytest.mark.parametrize(("user", "may"), [("alice", True), ("bob", True), ("vera", False)])
def test_the_access_table_says_who_starts(
    kit: Kit, gateway_site: GatewaySite, project: Project, store: Store, user: str, *, may: bool
) -> None:
    status, told = ask(kit, gateway_site, user, "stopped", address="192.0.2.7")
    assert (status, told["may_start"]) == (200, may)
    assert told["state"] == state_of(store, project) == ("starting" if may else "stopped")
    assert told["starters"] == ([] if may else ["alice", "bob"])
    entries = [entry for entry in store.audit.latest(5) if entry.event == "project.start"]
    assert [(entry.actor, entry.subject, entry.address) for entry in entries] == (
        [(user, "alice/demo", "192.0.2.7")] if may else []
    )


@pytest.mark.parametrize("user", ["mallory", "", "wakari"])
def test_who_may_not_see_it_learns_and_starts_nothing(
    kit: Kit, gateway_site: GatewaySite, project: Project, store: Store, user: str
) -> None:
    kit.user("wakari", "superuser")  # a role on the site is no level here
    status, told = ask(kit, gateway_site, user, "any")
    assert (status, told["error"]["code"]) == (404, "project_not_found")
    assert state_of(store, project) == "stopped"


def test_a_gateway_starts_projects_of_its_own_data_center_alone(
    kit: Kit, gateway_site: GatewaySite, project: Project, store: Store
) -> None:
    other, secret = kit.place("west")
    west = GatewaySite(kit.app.test_client(), other, secret)
    assert ask(kit, west, "alice", "any")[0] == 404
    body = {"credential": {"anonymous": True}, "owner": "alice", "project": "demo", "start": "any"}
    assert gateway_site.call("POST", "/starting", body, secret=tokens.new_key()).status_code == 401
    assert state_of(store, project) == "stopped"


def test_looking_starts_nothing(kit: Kit, gateway_site: GatewaySite, project: Project, store: Store) -> None:
    assert ask(kit, gateway_site, "alice")[1]["state"] == state_of(store, project) == "stopped"


def test_a_failed_start_is_repeated_only_on_demand(
    kit: Kit, gateway_site: GatewaySite, project: Project, store: Store
) -> None:
    put_in_error(store, project)
    _, told = ask(kit, gateway_site, "alice", "stopped")
    assert (told["state"], told["reason"]) == ("error", "Starting it: no space left.")
    assert ask(kit, gateway_site, "alice", "any")[1]["state"] == "starting"


def test_two_who_open_it_at_once_start_it_once(
    kit: Kit, gateway_site: GatewaySite, project: Project, store: Store
) -> None:
    assert ask(kit, gateway_site, "alice", "stopped")[1]["state"] == "starting"
    assert ask(kit, gateway_site, "bob", "stopped")[1]["state"] == "starting"
    assert len(store.tasks.of_project(project.id, 10)) == 1


def claimed(store: Store) -> Task:
    task = store.tasks.claim("w", 60)
    assert task is not None
    return task


def test_the_steps_are_told_as_they_come(kit: Kit, gateway_site: GatewaySite, project: Project, store: Store) -> None:
    ask(kit, gateway_site, "alice", "stopped")
    task = claimed(store)
    for step, message, fraction in (("accounts", "a", 0.1), ("environment", "b", 0.2), ("environment", "c", 0.4)):
        line = {"step": step, "message": message, "fraction": fraction}
        store.tasks.progress(task, "w", line)
        store.projects.set_progress(project.id, task.id, line)
    _, told = ask(kit, gateway_site, "vera")
    assert told["steps"] == [{"step": "accounts", "message": "a"}, {"step": "environment", "message": "c"}]
    assert told["fraction"] == 0.4


def test_the_log_of_a_failure_is_for_those_who_may_start_it(
    kit: Kit, gateway_site: GatewaySite, project: Project, store: Store
) -> None:
    ask(kit, gateway_site, "alice", "stopped")
    task = claimed(store)
    error = {"code": "x", "message": "No space.", "hint": "Remove files.", "detail": {"log": ["a secret line"]}}

    def end(tx: Any) -> None:
        store.tasks.finish(task, "w", error, tx)
        store.projects.settle(project.id, task.id, "error", "Starting it: No space.", tx)

    store.transaction(end)
    assert ask(kit, gateway_site, "bob")[1]["error"]["detail"] == {"log": ["a secret line"]}
    _, told = ask(kit, gateway_site, "vera")
    assert told["error"] == {"message": "No space.", "hint": "Remove files."}


def test_what_is_being_deleted_is_not_started(kit: Kit, gateway_site: GatewaySite, project: Project) -> None:
    owner = kit.services.store.users.get("alice")
    assert owner is not None
    kit.services.lifecycle.delete(kit.caller(owner), project)
    _, told = ask(kit, gateway_site, "alice", "any")
    assert (told["state"], told["may_start"]) == ("deleting", False)
