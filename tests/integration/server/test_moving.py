# SPDX-License-Identifier: GPL-3.0-or-later
"""A project is moved to other nodes: who may, what is refused, what follows at once and what waits for the nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.serverkit import Kit
from wakari.store import Store
from wakari.store.records import Project, User

PATH = "/projects/alice/demo/nodes"


@dataclass
class Scene:
    kit: Kit
    alice: User
    root: User
    project: Project

    @property
    def store(self) -> Store:
        return self.kit.services.store

    def now(self) -> Project:
        found = self.store.projects.by_id(self.project.id)
        assert found
        return found

    def move(self, *nodes: str) -> TestResponse:
        answer: TestResponse = self.kit.api(self.root).put(PATH, {"nodes": nodes})
        return answer

    def refused(self, *nodes: str) -> tuple[int, Any]:
        answer = self.move(*nodes)
        return answer.status_code, answer.json["error"]["code"]


@pytest.fixture
def scene(kit: Kit) -> Scene:
    kit.place("east", "e1", "e2", "e3")
    kit.place("west", "w1")
    alice = kit.user("alice")
    return Scene(kit, alice, kit.user("root-of-all", "superuser"), kit.project(alice, nodes=["e1"]))


def test_one_that_no_node_ever_held_is_there_at_once(scene: Scene) -> None:
    answer = scene.move("e2", "e3", "e2")
    assert (answer.status_code, answer.json["nodes"], answer.json["state"]) == (200, ["e2", "e3"], "stopped")
    assert scene.now().task is None


@pytest.mark.parametrize("state", ["stopped", "running", "error"])
def test_what_nodes_hold_waits_for_them(scene: Scene, state: str) -> None:
    scene.store.projects.mark_started(scene.project.id)
    scene.store.projects.update(scene.project.id, {"state": state})
    answer = scene.move("e2")
    assert (answer.json["nodes"], answer.json["state"]) == (["e1"], "stopping")
    task = scene.store.tasks.get(scene.now().task or "")
    assert task
    assert (task.verb, task.nodes, task.requested_by) == ("move-project", ("e2",), "root-of-all")
    assert scene.refused("e3") == (409, "project_busy")


def test_where_it_lives_nothing_is_to_be_done(scene: Scene) -> None:
    scene.store.projects.mark_started(scene.project.id)
    assert scene.move("e1", "e1").json["state"] == "stopped"
    assert [one.event for one in scene.store.audit.latest(20)].count("project.move") == 0


@pytest.mark.parametrize(
    ("nodes", "refusal"),
    [
        ((), (422, "body_invalid")),
        (("w1",), (422, "node_unknown")),
        (("e1", "Ünknown"), (422, "node_unknown")),
        (("e2",), (409, "node_drained")),
    ],
)
def test_nodes_must_be_of_its_data_center_and_take_projects(
    scene: Scene, nodes: tuple[str, ...], refusal: tuple[int, str]
) -> None:
    scene.kit.api(scene.root).patch("/nodes/e2", {"drained": True})
    assert scene.refused(*nodes) == refusal
    assert scene.now().nodes == ("e1",)


def test_it_may_stay_on_a_drained_node_and_leave_it(scene: Scene) -> None:
    scene.kit.api(scene.root).patch("/nodes/e1", {"drained": True})
    assert scene.move("e1", "e2").json["nodes"] == ["e1", "e2"]
    assert scene.move("e2").json["nodes"] == ["e2"]


def test_its_owner_may_not(scene: Scene) -> None:
    assert scene.kit.api(scene.alice).put(PATH, {"nodes": ["e2"]}).status_code == 403


def test_a_removal_calls_a_move_off_that_waits(scene: Scene) -> None:
    scene.store.projects.mark_started(scene.project.id)
    scene.move("e2")
    waiting = scene.store.tasks.get(scene.now().task or "")
    assert waiting
    scene.kit.services.lifecycle.delete(scene.kit.caller(scene.alice), scene.now())
    called_off = scene.store.tasks.get(waiting.id)
    assert called_off
    assert called_off.state == "cancelled"


def test_it_is_in_the_security_log(scene: Scene) -> None:
    scene.move("e2", "e3")
    event = next(one for one in scene.store.audit.latest(20) if one.event == "project.move")
    assert (event.actor, event.subject) == ("root-of-all", "alice/demo")
    assert event.detail == {"nodes": "e2,e3", "former": "e1"}


def test_superusers_have_a_form_on_its_page_of_settings(scene: Scene) -> None:
    page = "/alice/demo/settings"
    assert b'name="node"' not in scene.kit.browser(scene.alice).get(page).data
    browser = scene.kit.browser(scene.root)
    shown = browser.get(page).text
    assert shown.count('name="node"') == 3
    assert 'value="e1" checked' in shown
    assert browser.submit("/alice/demo/nodes", {"node": ["e2", "e3"]}, page).headers["Location"] == "/alice/demo"
    assert scene.now().nodes == ("e2", "e3")
    assert browser.submit("/alice/demo/nodes", {}, page).headers["Location"] == page
    assert scene.now().nodes == ("e2", "e3")
