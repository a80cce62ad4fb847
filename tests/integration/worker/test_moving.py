# SPDX-License-Identifier: GPL-3.0-or-later
"""A project on its way to other nodes, as these hear of it: what in which order, and what is so where it ends early."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.gatewaystand import RESULT, GatewayStand, wait_for
from tests.integration.worker.test_worker import at, begin, place, stand  # noqa: F401 - fixtures
from tests.serverkit import Kit
from wakari.access import Caller
from wakari.core.errors import AppError
from wakari.store import Store
from wakari.store.records import Project
from wakari.worker import runner as runner_module
from wakari.worker.worker import Worker

pytestmark = pytest.mark.usefixtures("place")
ROOT = Caller.of("root-of-all", ("superuser",))
MOVED = [
    ("stop-project", "n1"),
    ("mark-project", "n1"),
    ("find-project", "n2"),
    ("find-project", "n1"),
    ("leave-project", "n1"),
    ("apply-permissions", "n2"),
]


class Mirror(set[str]):
    """A copy of another folder: it shows what is written there, and what is removed here stays there."""

    def __init__(self, source: set[str]) -> None:
        self._source = source

    def __contains__(self, marker: object) -> bool:
        return marker in self._source


@dataclass
class Scene:
    """A started project on n1, and nodes that keep marks: in one folder that all see, or in those of `folders`."""

    kit: Kit
    stand: GatewayStand
    begin: Callable[[], Worker]
    project: Project
    shared: set[str] = field(default_factory=set)
    folders: dict[str, set[str]] = field(default_factory=dict)
    refusals: dict[tuple[str, str], AppError] = field(default_factory=dict)
    empty: set[str] = field(default_factory=set)  # nodes on which no start came as far as a folder

    @property
    def store(self) -> Store:
        return self.kit.services.store

    @property
    def now(self) -> Project:
        return at(self.store, self.project)

    @property
    def jobs(self) -> list[tuple[str, str]]:
        return [(job["verb"], job["node"]) for job in self.stand.jobs]

    def answer(self, job: dict[str, Any]) -> Iterator[dict[str, Any]]:
        folder = self.folders.get(job["node"], self.shared)
        error = self.refusals.get((job["verb"], job["node"]))
        if error is not None:
            yield error.body("-")
        elif job["verb"] == "mark-project":
            if job["node"] not in self.empty:
                folder.add(job["marker"])
            yield {"result": {"marked": job["node"] not in self.empty}}
        elif job["verb"] == "find-project":
            found = job["marker"] in folder
            folder.discard(job["marker"])
            yield {"result": {"found": found}}
        else:
            yield RESULT

    def move(self, *nodes: str) -> Project:
        """Return the project once its task has ended."""
        self.kit.services.moving.move(ROOT, self.now, nodes)
        self.begin()
        wait_for(lambda: self.now.state != "stopping")
        return self.now


@pytest.fixture
def scene(
    kit: Kit,
    stand: GatewayStand,  # noqa: F811 - a fixture
    begin: Callable[[], Worker],  # noqa: F811 - a fixture
) -> Scene:
    project = kit.project(kit.user("alice"), nodes=["n1"])
    kit.services.store.projects.mark_started(project.id)
    made = Scene(kit, stand, begin, project)
    stand.answer = made.answer
    return made


def test_nodes_show_that_they_share_it_before_anything_changes(scene: Scene) -> None:
    moved = scene.move("n2")
    assert (moved.state, moved.nodes) == ("stopped", ("n2",))
    assert scene.jobs == MOVED
    assert scene.shared == set()
    assert {len(job["marker"]) for job in scene.stand.jobs if "marker" in job} == {64}


def test_nodes_are_added_and_taken_away_in_the_same_way(scene: Scene) -> None:
    both = scene.move("n1", "n2")
    assert (both.state, both.nodes) == ("stopped", ("n1", "n2"))
    assert "leave-project" not in dict(scene.jobs)
    first = scene.stand.jobs[1]["marker"]
    scene.stand.jobs.clear()
    one = scene.move("n2")
    assert (one.state, one.nodes) == ("stopped", ("n2",))
    assert scene.jobs == [MOVED[0], ("stop-project", "n2"), *MOVED[1:]]
    assert scene.stand.jobs[2]["marker"] != first, "each run has a mark of its own"


@pytest.mark.parametrize("kind", ["another folder", "a mirror"])
def test_without_a_shared_folder_it_stays_and_starts_where_it_was(scene: Scene, kind: str) -> None:
    scene.folders["n2"] = Mirror(scene.shared) if kind == "a mirror" else set()
    kept = scene.move("n2")
    assert (kept.state, kept.nodes) == ("error", ("n1",))
    why = "n2 does not see the folder of alice/demo that n1 has."
    assert kept.reason == f"It could not be moved to other nodes: {why}"
    assert scene.jobs == MOVED[:4]
    assert scene.shared == set(), "no mark is left behind"
    task = scene.store.tasks.get(kept.task or "")
    assert task
    assert task.error
    assert (task.state, task.error["code"]) == ("failed", "folder_not_shared")
    assert "docs/projects.md" in task.error["hint"]
    scene.kit.services.lifecycle.start(ROOT, kept)
    wait_for(lambda: scene.now.state == "running")
    assert scene.jobs[-1] == ("start-project", "n1")


@pytest.mark.parametrize(
    ("verb", "node"), [("mark-project", "n1"), ("find-project", "n2"), ("leave-project", "n1")], ids=lambda one: one
)
def test_a_refusal_leaves_it_where_it_was(scene: Scene, verb: str, node: str) -> None:
    scene.refusals[verb, node] = AppError("account_conflict", "No.", status=409)
    kept = scene.move("n2")
    assert (kept.state, kept.nodes) == ("error", ("n1",))
    assert scene.shared == set(), "no mark is left behind"


def test_what_fails_on_the_new_node_is_told_and_can_be_repeated(scene: Scene) -> None:
    scene.refusals["apply-permissions", "n2"] = AppError("account_conflict", "No.", status=409)
    moved = scene.move("n2")
    assert (moved.state, moved.nodes) == ("error", ("n2",))
    scene.refusals.clear()
    scene.kit.services.dead_letters.requeue(ROOT, moved.task or "")
    wait_for(lambda: scene.now.state == "stopped")
    assert scene.now.nodes == ("n2",)


def test_a_node_that_is_away_for_a_moment_is_asked_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "BACK_OFF", 0.01)
    failures = iter(range(2))

    def away(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if job["verb"] == "leave-project" and next(failures, None) is not None:
            yield AppError("unreachable", "n1 is away").body("-")
        else:
            yield from scene.answer(job)

    scene.stand.answer = away
    moved = scene.move("n2")
    assert (moved.state, moved.nodes) == ("stopped", ("n2",))
    assert scene.jobs.count(("leave-project", "n1")) == 3


def test_one_that_never_came_as_far_as_a_folder_goes_where_it_can_start(scene: Scene) -> None:
    scene.empty.add("n1")
    moved = scene.move("n2")
    assert (moved.state, moved.nodes) == ("stopped", ("n2",))
    assert scene.jobs == [*MOVED[:2], *MOVED[4:]]


def test_a_node_without_the_folder_of_several_is_told(scene: Scene) -> None:
    scene.move("n1", "n2")
    scene.empty.add("n1")
    kept = scene.move("n2")
    assert (kept.state, kept.nodes) == ("error", ("n1", "n2"))
    assert "n1 has no folder of alice/demo." in (kept.reason or "")


def test_it_stays_where_it_was_when_a_node_is_removed_before_its_turn_comes(scene: Scene) -> None:
    scene.kit.services.moving.move(ROOT, scene.now, ["n2"])
    with pytest.raises(AppError, match="on their way to it"):
        scene.kit.services.sites.remove_node("n2", actor=ROOT.name)
    assert scene.store.nodes.remove("n2") is not None
    scene.begin()
    wait_for(lambda: scene.now.state != "stopping")
    assert (scene.now.state, scene.now.nodes) == ("error", ("n1",))
    assert "no node n2 any more" in (scene.now.reason or "")
    assert ("leave-project", "n1") not in scene.jobs


def test_a_removal_meanwhile_has_the_word(scene: Scene) -> None:
    def remove(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if job["verb"] == "leave-project":
            scene.kit.services.lifecycle.delete(ROOT, scene.now)
        yield from scene.answer(job)

    scene.stand.answer = remove
    scene.kit.services.moving.move(ROOT, scene.now, ["n2"])
    scene.begin()
    wait_for(lambda: scene.store.projects.by_id(scene.project.id) is None)
    assert scene.jobs == [*MOVED[:5], ("stop-project", "n1"), ("remove-project", "n1")]
