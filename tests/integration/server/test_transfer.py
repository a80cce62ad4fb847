# SPDX-License-Identifier: GPL-3.0-or-later
"""A project gets another owner: who may, what follows at once, what waits for the nodes."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.serverkit import GatewaySite, Kit
from wakari.core.errors import AppError
from wakari.store import Store
from wakari.store.records import Project, User


@dataclass
class Scene:
    kit: Kit
    gateway: GatewaySite
    alice: User
    bob: User
    project: Project

    @property
    def store(self) -> Store:
        return self.kit.services.store

    def started(self) -> Project:
        """The project as one that a node may hold files of."""
        self.store.projects.mark_started(self.project.id)
        return self.now()

    def now(self) -> Project:
        found = self.store.projects.by_id(self.project.id)
        assert found
        return found

    def level(self, owner: str, user: User) -> str:
        sid = self.kit.authorize(user.name, self.gateway.data_center.id).id
        answer = self.gateway.decide(owner, "demo", sid=sid, user=user.name)
        return str(answer.json["level"])


@pytest.fixture
def scene(kit: Kit, gateway_site: GatewaySite) -> Scene:
    alice, bob = kit.user("alice"), kit.user("bob")
    project = kit.services.team.put(kit.caller(alice), kit.project(alice), "bob", "viewer")
    return Scene(kit, gateway_site, alice, bob, project)


def test_the_new_owner_has_it_at_once_and_the_former_one_has_not(scene: Scene) -> None:
    answer = scene.kit.api(scene.alice).post("/projects/alice/demo/transfer", {"owner": "bob"})
    assert answer.status_code == 200, answer.text
    assert (answer.json["owner"], answer.json["state"], answer.json["members"]) == ("bob", "stopped", [])
    assert scene.kit.api(scene.bob).get("/projects/bob/demo").status_code == 200
    assert scene.kit.api(scene.alice).get("/projects/alice/demo").status_code == 404
    assert scene.kit.api(scene.alice).get("/projects/bob/demo").status_code == 404
    assert (scene.level("bob", scene.bob), scene.level("bob", scene.alice)) == ("admin", "none")
    assert scene.level("alice", scene.alice) == "none"


def test_the_former_owner_may_keep_a_role(scene: Scene) -> None:
    scene.kit.api(scene.alice).post("/projects/alice/demo/transfer", {"owner": "bob", "keep": "member"})
    assert [(entry.user, entry.role) for entry in scene.now().members] == [("alice", "member")]
    assert scene.level("bob", scene.alice) == "write"


def test_an_owner_gives_it_to_the_team_alone_and_a_superuser_to_anybody(scene: Scene) -> None:
    scene.kit.user("carol")
    refused = scene.kit.api(scene.alice).post("/projects/alice/demo/transfer", {"owner": "carol"})
    assert (refused.status_code, refused.json["error"]["code"]) == (403, "forbidden")
    admin = scene.kit.api(scene.kit.user("root-of-all", "superuser"))
    assert admin.post("/projects/alice/demo/transfer", {"owner": "carol"}).json["owner"] == "carol"


def test_nobody_else_may(scene: Scene) -> None:
    assert scene.kit.api(scene.bob).post("/projects/alice/demo/transfer", {"owner": "bob"}).status_code == 403


@pytest.mark.parametrize(("to", "code"), [("nobody-here", "owner_unknown"), ("Ünknown", "owner_unknown")])
def test_an_unknown_owner_is_refused(scene: Scene, to: str, code: str) -> None:
    admin = scene.kit.api(scene.kit.user("root-of-all", "superuser"))
    answer = admin.post("/projects/alice/demo/transfer", {"owner": to})
    assert (answer.status_code, answer.json["error"]["code"]) == (422, code)


def test_a_taken_name_is_refused(scene: Scene) -> None:
    scene.kit.project(scene.bob)
    answer = scene.kit.api(scene.alice).post("/projects/alice/demo/transfer", {"owner": "bob"})
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "project_exists")
    assert scene.now().owner == "alice"


def test_what_nodes_hold_moves_by_a_task_and_its_former_address_is_kept_free_until_then(scene: Scene) -> None:
    moved = scene.kit.services.transfer.transfer(scene.started(), "bob", "root")
    assert (moved.state, moved.owner) == ("stopping", "bob")
    assert moved.former
    assert (moved.former.owner, moved.former.uid) == ("alice", scene.alice.uid)
    task = scene.store.tasks.get(moved.task or "")
    assert task
    assert (task.verb, task.project) == ("transfer-project", "bob/demo")
    for_now = scene.kit.api(scene.alice).post("/projects", {"name": "demo"})
    assert (for_now.status_code, for_now.json["error"]["code"]) == (409, "project_exists")
    scene.store.projects.arrived(moved)
    assert scene.kit.api(scene.alice).post("/projects", {"name": "demo"}).status_code == 201
    assert scene.now().former is None


def test_no_second_time_before_the_first_has_arrived(scene: Scene) -> None:
    moved = scene.kit.services.transfer.transfer(scene.started(), "bob", "root")
    with pytest.raises(AppError) as caught:
        scene.kit.services.transfer.transfer(moved, "alice", "root")
    assert (caught.value.code, "on its way from alice" in caught.value.message) == ("project_busy", True)


def test_not_while_it_starts(scene: Scene) -> None:
    scene.kit.services.lifecycle.start(scene.kit.caller(scene.alice), scene.project)
    answer = scene.kit.api(scene.alice).post("/projects/alice/demo/transfer", {"owner": "bob"})
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "project_busy")


def test_the_former_owners_account_may_close_before_it_has_arrived(scene: Scene) -> None:
    services = scene.kit.services
    services.transfer.transfer(scene.started(), "bob", "root")
    services.accounts.remove("alice", actor="root", leave_teams=services.team.leave_all)
    moved = scene.now().former
    assert moved
    assert (moved.owner, moved.uid) == ("alice", scene.alice.uid)


def test_gateways_hear_of_both_addresses(scene: Scene) -> None:
    position = scene.gateway.call("GET", "/changes").json["after"]
    moved = scene.kit.services.transfer.transfer(scene.started(), "bob", "root")
    scene.store.projects.arrived(moved)  # before the gateway asks: the record no longer names alice
    told = scene.gateway.call("GET", f"/changes?after={position}&wait=2").json["revoke"]
    assert {"project": "bob/demo"} in told
    assert {"project": "alice/demo"} in told


def test_it_is_in_the_security_log(scene: Scene) -> None:
    scene.kit.api(scene.alice).post("/projects/alice/demo/transfer", {"owner": "bob", "keep": "viewer"})
    event = next(one for one in scene.store.audit.latest(20) if one.event == "project.transfer")
    assert (event.actor, event.subject) == ("alice", "alice/demo")
    assert event.detail == {"owner": "bob", "kept_as": "viewer"}


def test_the_page_asks_for_the_name(scene: Scene) -> None:
    browser = scene.kit.browser(scene.alice)
    page = "/alice/demo/settings"
    browser.submit("/alice/demo/transfer", {"owner": "bob", "keep": "member", "confirm": "no"}, page)
    assert scene.now().owner == "alice"
    answer = browser.submit("/alice/demo/transfer", {"owner": "bob", "keep": "member", "confirm": "demo"}, page)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/bob/demo")
    assert scene.now().owner == "bob"
