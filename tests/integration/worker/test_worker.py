# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.gatewaystand import RESULT, GatewayStand, wait_for
from tests.serverkit import Kit
from wakari.access import Caller
from wakari.core.messages import Limits
from wakari.store import Store
from wakari.store.records import DataCenter, Project
from wakari.worker import runner as runner_module
from wakari.worker.worker import Worker

Begin = Callable[[], Worker]
pytestmark = pytest.mark.usefixtures("place")


@pytest.fixture
def stand() -> Iterator[GatewayStand]:
    made = GatewayStand()
    yield made
    made.close()


@pytest.fixture
def place(kit: Kit, stand: GatewayStand) -> DataCenter:
    made, secret = kit.services.sites.register("east", stand.url, "", actor="test")
    stand.secret, stand.client_id = secret, made.client_id
    for name in ("n1", "n2"):
        kit.services.sites.add_node(name, made.id, f"http://{name}.test:5002", "", actor="test")
    return made


@pytest.fixture
def begin(kit: Kit) -> Iterator[Begin]:
    running: list[tuple[Worker, threading.Thread]] = []

    def start() -> Worker:
        worker = Worker(kit.services.store, kit.services.sites, threads=2, health_interval=1.0)
        thread = threading.Thread(target=worker.run)
        thread.start()
        running.append((worker, thread))
        return worker

    yield start
    for worker, _ in running:
        worker.stop.set()
    for _, thread in running:
        thread.join(20)


def at(store: Store, project: Project) -> Project:
    found = store.projects.by_id(project.id)
    assert found is not None
    return found


def test_a_start_runs_on_each_node_and_ends_running(kit: Kit, store: Store, stand: GatewayStand, begin: Begin) -> None:
    alice, bob = kit.user("alice"), kit.user("bob")
    project = kit.project(alice, nodes=["n1", "n2"])
    kit.services.team.put(kit.caller(alice), project, "bob", "viewer")
    task = kit.services.lifecycle.start(kit.caller(alice), project)
    begin()
    wait_for(lambda: at(store, project).state == "running")
    assert [(job["verb"], job["node"]) for job in stand.jobs] == [("start-project", "n1"), ("start-project", "n2")]
    # Nothing more: a node of the first release refuses keys that it does not know.
    assert stand.jobs[0]["project"] == {
        "owner": {"name": "alice", "uid": alice.uid, "gid": alice.uid},
        "name": "demo",
        "members": [{"name": "bob", "uid": bob.uid, "gid": bob.uid, "role": "viewer"}],
    }
    done = store.tasks.get(task.id)
    assert done is not None
    assert done.state == "done"
    assert done.progress[0]["message"] == "start-project on n1"
    assert len(done.progress) == 4
    assert at(store, project).progress is None


def test_a_refusal_puts_the_project_in_error_with_the_reason(
    kit: Kit, store: Store, stand: GatewayStand, begin: Begin
) -> None:
    def refuse(_: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield {"error": {"code": "uid_differs", "message": "alice exists with another uid.", "hint": ""}}

    stand.answer = refuse
    alice = kit.user("alice")
    project = kit.project(alice)
    kit.services.lifecycle.start(kit.caller(alice), project)
    begin()
    wait_for(lambda: at(store, project).state == "error")
    assert at(store, project).reason == "It could not be started: n1: alice exists with another uid."
    assert len(stand.jobs) == 1
    stand.answer = GatewayStand.__dataclass_fields__["answer"].default
    kit.services.lifecycle.start(kit.caller(alice), at(store, project))
    wait_for(lambda: at(store, project).state == "running")


def test_a_broken_stream_is_tried_again(
    kit: Kit,
    store: Store,
    stand: GatewayStand,
    begin: Begin,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner_module, "BACK_OFF", 0.05)

    def break_off(_: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield {"step": "accounts", "message": "begun", "fraction": None}
        if len(stand.jobs) >= 3:
            yield RESULT

    stand.answer = break_off
    alice = kit.user("alice")
    project = kit.project(alice)
    task = kit.services.lifecycle.start(kit.caller(alice), project)
    begin()
    wait_for(lambda: at(store, project).state == "running")
    ended = store.tasks.get(task.id)
    assert ended is not None
    assert ended.attempts == 3


def test_a_gateway_that_stays_away_ends_in_error_after_five_attempts(
    kit: Kit, store: Store, stand: GatewayStand, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "BACK_OFF", 0.02)
    stand.close()
    alice = kit.user("alice")
    project = kit.project(alice)
    task = kit.services.lifecycle.start(kit.caller(alice), project)
    begin()
    wait_for(lambda: at(store, project).state == "error")
    assert "cannot be reached" in str(at(store, project).reason)
    ended = store.tasks.get(task.id)
    assert ended is not None
    assert (ended.state, ended.attempts) == ("dead", 5)


def test_four_workers_claim_each_task_once(kit: Kit, store: Store) -> None:
    alice = kit.user("alice")
    for number in range(60):
        kit.services.lifecycle.start(kit.caller(alice), kit.project(alice, f"p{number}"))

    def drain(worker: str) -> list[str]:
        claimed = []
        while task := store.tasks.claim(worker, 30):
            claimed.append(task.id)
        return claimed

    with ThreadPoolExecutor(8) as pool:
        claims = Counter(task for part in pool.map(drain, [f"w{n}" for n in range(8)]) for task in part)
    assert len(claims) == 60
    assert set(claims.values()) == {1}


def test_two_tasks_of_one_project_never_run_side_by_side(kit: Kit, store: Store) -> None:
    alice, bob = kit.user("alice"), kit.user("bob")
    project = kit.project(alice)
    kit.services.lifecycle.start(kit.caller(alice), project)
    first = store.tasks.claim("w1", 30)
    assert first is not None
    store.projects.mark_started(project.id)
    kit.services.team.put(kit.caller(alice), at(store, project), "bob", "member")
    assert store.tasks.claim("w2", 30) is None
    assert bob.uid
    assert store.transaction(lambda tx: store.tasks.finish(first, "w1", None, tx))
    second = store.tasks.claim("w2", 30)
    assert second is not None
    assert second.verb == "apply-permissions"


def test_a_worker_that_lost_its_lease_writes_nothing_any_more(kit: Kit, store: Store) -> None:
    alice = kit.user("alice")
    kit.services.lifecycle.start(kit.caller(alice), kit.project(alice))
    lost = store.tasks.claim("w1", -1)
    assert lost is not None
    taken = store.tasks.claim("w2", 30)
    assert taken is not None
    assert (taken.id, taken.attempts) == (lost.id, 2)
    line = {"step": "ready", "message": "late", "fraction": None}
    assert not store.tasks.renew(lost, "w1", 30)
    assert not store.tasks.progress(lost, "w1", line)
    assert not store.transaction(lambda tx: store.tasks.finish(lost, "w1", None, tx))
    assert store.tasks.progress(taken, "w2", line)


def test_a_claim_of_the_same_worker_counts_as_another(kit: Kit, store: Store) -> None:
    alice = kit.user("alice")
    kit.services.lifecycle.start(kit.caller(alice), kit.project(alice))
    first, second = store.tasks.claim("w1", -1), store.tasks.claim("w1", 30)
    assert first is not None
    assert second is not None
    assert not store.tasks.renew(first, "w1", 30)
    assert store.tasks.renew(second, "w1", 30)


def test_a_stopped_worker_gives_its_task_back_and_another_ends_it(
    kit: Kit, store: Store, stand: GatewayStand, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wakari.worker.worker.GRACE", 0.2)
    go_on = threading.Event()

    def slow(_: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield {"step": "environment", "message": "copying", "fraction": 0.5}
        if len(stand.jobs) == 1:
            go_on.wait(10)
        yield RESULT

    stand.answer = slow
    alice = kit.user("alice")
    project = kit.project(alice)
    task = kit.services.lifecycle.start(kit.caller(alice), project)
    first = begin()
    wait_for(lambda: at(store, project).progress is not None)
    first.stop.set()

    def queued() -> bool:
        found = store.tasks.get(task.id)
        return found is not None and found.state == "queued"

    wait_for(queued)
    begin()
    wait_for(lambda: at(store, project).state == "running")
    go_on.set()
    ended = store.tasks.get(task.id)
    assert ended is not None
    assert (ended.state, ended.attempts, len(stand.jobs)) == ("done", 1, 2)


def test_delete_stops_archives_and_removes(kit: Kit, store: Store, stand: GatewayStand, begin: Begin) -> None:
    alice = kit.user("alice")
    project = kit.project(alice)
    kit.services.lifecycle.start(kit.caller(alice), project)
    begin()
    wait_for(lambda: at(store, project).state == "running")
    kit.services.lifecycle.delete(kit.caller(alice), at(store, project))
    wait_for(lambda: store.projects.by_id(project.id) is None)
    assert [job["verb"] for job in stand.jobs] == ["start-project", "stop-project", "remove-project"]
    assert "files" not in stand.jobs[-1], "archive, which a node of the release before knows"


def test_delete_for_good_reaches_the_node(kit: Kit, store: Store, stand: GatewayStand, begin: Begin) -> None:
    alice = kit.user("alice")
    project = kit.project(alice)
    store.projects.mark_started(project.id)
    kit.services.lifecycle.delete(kit.caller(alice), project, files="delete")
    begin()
    wait_for(lambda: store.projects.by_id(project.id) is None)
    assert (stand.jobs[-1]["verb"], stand.jobs[-1]["files"]) == ("remove-project", "delete")


def test_a_project_that_never_started_is_deleted_without_asking_a_node(
    kit: Kit, store: Store, stand: GatewayStand, begin: Begin
) -> None:
    alice = kit.user("alice")
    project = kit.project(alice)
    kit.services.lifecycle.delete(kit.caller(alice), project)
    begin()
    wait_for(lambda: store.projects.by_id(project.id) is None)
    assert stand.jobs == []


def test_a_stop_while_it_starts_has_the_last_word(kit: Kit, store: Store, stand: GatewayStand, begin: Begin) -> None:
    go_on = threading.Event()

    def slow(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield {"step": "environment", "message": "copying", "fraction": 0.5}
        if job["verb"] == "start-project":
            go_on.wait(10)
        yield RESULT

    stand.answer = slow
    alice = kit.user("alice")
    project = kit.project(alice)
    kit.services.lifecycle.start(kit.caller(alice), project)
    begin()
    wait_for(lambda: at(store, project).progress is not None)
    kit.services.lifecycle.stop(kit.caller(alice), at(store, project))
    assert at(store, project).state == "stopping"
    go_on.set()
    wait_for(lambda: at(store, project).state == "stopped")
    assert [job["verb"] for job in stand.jobs] == ["start-project", "stop-project"]


def test_health_of_gateway_and_nodes_is_kept(
    place: DataCenter, store: Store, stand: GatewayStand, begin: Begin
) -> None:
    stand.status = {"status": "degraded", "messages": ["n2 does not answer"], "nodes": {"n1": "ok", "n2": "down"}}
    begin()

    def checked() -> bool:
        found = store.data_centers.get(place.id)
        return found is not None and found.health.status == "degraded"

    wait_for(checked)
    wait_for(lambda: {node.name: node.state for node in store.nodes.of(place.id)} == {"n1": "up", "n2": "down"})
    stand.secret = "A" * 43
    wait_for(lambda: [center.health.status for center in store.data_centers.all()] == ["down"])
    assert stand.refused


def test_a_node_that_is_away_keeps_no_other_from_losing_keys_and_is_asked_until_it_has(
    kit: Kit, store: Store, stand: GatewayStand, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "BACK_OFF", 0.05)
    monkeypatch.setattr(runner_module, "MAX_ATTEMPTS", 2)
    alice = kit.user("alice")
    project = kit.project(alice, nodes=["n1", "n2"])
    store.projects.mark_started(project.id)
    kit.services.creation.limit(Caller.of("root2", ["superuser"]), project, Limits(tasks_max=64))
    away = iter(range(3))

    def answer(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if job["node"] == "n1" and next(away, None) is not None:
            yield {"error": {"code": "unreachable", "message": "compute1 is away", "hint": ""}}
            return
        yield RESULT

    stand.answer = answer
    begin()
    wait_for(lambda: len(stand.jobs) == 8)
    assert [job["node"] for job in stand.jobs] == ["n1", "n2"] * 4
    assert {job["verb"] for job in stand.jobs} == {"apply-settings"}
    assert stand.jobs[0]["project"]["limits"]["tasks_max"] == 64
    assert "ssh_keys" not in stand.jobs[0]["project"]["owner"]  # there never was one
    wait_for(lambda: store.tasks.count("done") == 1)
    assert at(store, project).state == "stopped"


def test_a_limit_that_a_node_cannot_hold_is_told_and_locks_nobody_out(
    kit: Kit, store: Store, stand: GatewayStand, begin: Begin
) -> None:
    project = kit.project(kit.user("alice"), nodes=["n1"])
    store.projects.mark_started(project.id)
    kit.services.creation.limit(Caller.of("root2", ["superuser"]), project, Limits(tasks_max=64))

    def refuse(_: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield {"error": {"code": "limit_not_enforced", "message": "This node cannot enforce it.", "hint": "Look."}}

    stand.answer = refuse
    begin()
    wait_for(lambda: store.tasks.count("failed") == 1)
    (task,) = store.tasks.of_project(project.id, 5)
    assert task.error is not None
    assert task.error["message"] == "n1: This node cannot enforce it."
    assert at(store, project).state == "stopped"


def test_an_unexpected_error_in_a_task_is_noted_for_administrators(
    kit: Kit, store: Store, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("wakari.worker.jobs.Jobs.run", fail)
    alice = kit.user("alice")
    kit.services.lifecycle.start(kit.caller(alice), kit.project(alice))
    begin()
    wait_for(store.exceptions.unread)
    found = store.exceptions.latest(1)[0]
    assert (found.service, found.kind, found.message) == ("wakari-worker", "RuntimeError", "a bug")
    assert (found.where, found.user) == ("start-project alice/demo", "alice")


def test_a_first_start_that_waits_is_cancelled_and_leaves_the_project_stopped(
    kit: Kit, store: Store, stand: GatewayStand, begin: Begin
) -> None:
    alice = kit.user("alice")
    project, other = kit.project(alice), kit.project(alice, "other")
    task = kit.services.lifecycle.start(kit.caller(alice), project)
    assert kit.api(alice).post("/projects/alice/demo/cancel").json["state"] == "cancelled"
    assert (at(store, project).state, at(store, project).reason) == ("stopped", None)
    assert kit.api(alice).post("/projects/alice/demo/cancel").status_code == 409
    kit.services.lifecycle.start(kit.caller(alice), other)
    begin()
    wait_for(lambda: at(store, other).state == "running")
    assert [job["project"]["name"] for job in stand.jobs] == ["other"]
    found = store.tasks.get(task.id)
    assert found is not None
    assert found.state == "cancelled"
    kit.services.lifecycle.start(kit.caller(alice), at(store, project))
    wait_for(lambda: at(store, project).state == "running")


def test_a_task_that_waits_for_its_next_attempt_is_cancelled(
    kit: Kit, store: Store, stand: GatewayStand, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "BACK_OFF", 60.0)
    stand.close()
    alice = kit.user("alice")
    project = kit.project(alice)
    task = kit.services.lifecycle.start(kit.caller(alice), project)
    begin()

    def tried() -> bool:
        found = store.tasks.get(task.id)
        return found is not None and found.error is not None

    wait_for(tried)
    kit.services.lifecycle.cancel(kit.caller(alice), at(store, project))
    reason = str(at(store, project).reason)
    assert at(store, project).state == "error"
    assert reason.startswith("Starting was cancelled by alice after 1 attempt. The last one said: ")
    assert "cannot be reached" in reason


def test_a_task_at_work_and_a_deletion_are_not_cancelled(kit: Kit, store: Store) -> None:
    alice = kit.user("alice")
    api = kit.api(alice)
    project, gone = kit.project(alice), kit.project(alice, "gone")
    kit.services.lifecycle.start(kit.caller(alice), project)
    claimed = store.tasks.claim("w", 30)
    assert claimed is not None
    answer = api.post("/projects/alice/demo/cancel")
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "task_not_waiting")
    assert at(store, project).state == "starting"
    kit.services.lifecycle.delete(kit.caller(alice), gone)
    assert api.post("/projects/alice/gone/cancel").status_code == 409
    assert at(store, gone).deleting


def test_the_button_cancels_and_goes_away(kit: Kit, store: Store) -> None:
    alice = kit.user("alice")
    project = kit.project(alice)
    browser = kit.browser(alice)
    button = 'action="/alice/demo/cancel"'
    assert button not in browser.get("/alice/demo").text
    kit.services.lifecycle.start(kit.caller(alice), project)
    assert button in browser.get("/alice/demo").text
    assert browser.submit("/alice/demo/cancel", {}, page="/alice/demo").status_code == 303
    assert at(store, project).state == "stopped"
    assert button not in browser.get("/alice/demo").text
