# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks that were given up: kept, queued again, discarded, overtaken by what people do meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.gatewaystand import GatewayStand, wait_for
from tests.integration.worker.test_worker import Begin, at, begin, place, stand
from tests.serverkit import Kit
from wakari.core.errors import AppError
from wakari.store import Store
from wakari.store.base import now
from wakari.store.records import Project, Task
from wakari.worker import runner as runner_module

__all__ = ["begin", "place", "stand"]
pytestmark = pytest.mark.usefixtures("place")
AWAY = {"code": "unreachable", "message": "n1 cannot be reached.", "hint": ""}


def bury(store: Store, project: Project, error: dict[str, str] | None = None, *, dead: bool = True) -> Task:
    """Let the project's waiting task end badly as a worker writes it; return it."""
    task = store.tasks.claim("w", 60)
    assert task is not None
    assert task.project_id == project.id

    def end(tx: object) -> None:
        store.tasks.finish(task, "w", error or AWAY, tx, dead=dead)
        store.projects.settle(project.id, task.id, "error", "n1 cannot be reached.", tx)

    store.transaction(end)
    ended = store.tasks.get(task.id)
    assert ended is not None
    return ended


def test_what_was_given_up_is_done_once_it_is_queued_again(
    kit: Kit, store: Store, stand: GatewayStand, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "BACK_OFF", 0.02)
    root, alice = kit.user("root2", "superuser"), kit.user("alice")
    project = kit.project(alice)
    task = kit.services.lifecycle.start(kit.caller(alice), project)
    store.data_centers.update(project.data_center, {"url": "http://127.0.0.1:9"})  # the discard port: nobody answers
    begin()
    wait_for(lambda: store.tasks.count("dead") == 1)
    assert at(store, project).state == "error"
    store.data_centers.update(project.data_center, {"url": stand.url})
    queued = kit.services.dead_letters.requeue(kit.caller(root), task.id)
    assert (queued.state, queued.attempts, queued.forgiven) == ("queued", 5, 5)
    wait_for(lambda: at(store, project).state == "running")
    ended = store.tasks.get(task.id)
    assert ended is not None
    assert (ended.state, ended.attempts, ended.error) == ("done", 6, None)
    assert len(stand.jobs) == 1
    # The line of the log comes after the end itself.
    wait_for(lambda: {"task.dead", "task.requeue", "task.done"} <= {event.event for event in store.audit.latest(20)})


def test_a_task_queued_again_has_all_its_attempts(
    kit: Kit, store: Store, stand: GatewayStand, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner_module, "BACK_OFF", 0.02)
    stand.close()
    root, alice = kit.user("root2", "superuser"), kit.user("alice")
    task = kit.services.lifecycle.start(kit.caller(alice), kit.project(alice))
    begin()
    wait_for(lambda: store.tasks.count("dead") == 1)
    kit.services.dead_letters.requeue(kit.caller(root), task.id)
    wait_for(lambda: store.tasks.count("dead") == 1)
    ended = store.tasks.get(task.id)
    assert ended is not None
    assert ended.attempts == 10


def test_a_former_worker_writes_nothing_into_a_task_queued_again(kit: Kit, store: Store) -> None:
    root, alice = kit.user("root2", "superuser"), kit.user("alice")
    project = kit.project(alice)
    kit.services.lifecycle.start(kit.caller(alice), project)
    former = store.tasks.claim("w", 60)
    assert former is not None
    store.transaction(lambda tx: store.tasks.finish(former, "w", AWAY, tx, dead=True))
    store.transaction(lambda tx: store.projects.settle(project.id, former.id, "error", "Away.", tx))
    kit.services.dead_letters.requeue(kit.caller(root), former.id)
    again = store.tasks.claim("w", 60)  # the same worker, by another of its threads
    assert again is not None
    assert again.id == former.id
    line = {"step": "ready", "message": "late", "fraction": 1.0}
    assert not store.tasks.progress(former, "w", line)
    assert not store.transaction(lambda tx: store.tasks.finish(former, "w", None, tx))
    assert store.tasks.progress(again, "w", line)


def test_a_dead_task_is_kept_until_somebody_decides_and_a_failed_one_is_not(kit: Kit, store: Store) -> None:
    root, alice = kit.user("root2", "superuser"), kit.user("alice")
    project = kit.project(alice)
    kit.services.lifecycle.start(kit.caller(alice), project)
    dead = bury(store, project)
    assert dead.finished_at is None, "an end in time is what MongoDB forgets it by"
    discarded = kit.services.dead_letters.discard(kit.caller(root), dead.id)
    assert discarded.state == "cancelled"
    assert discarded.finished_at is not None
    assert now() - discarded.finished_at < timedelta(minutes=1)
    assert at(store, project).state == "error"
    with pytest.raises(AppError) as caught:
        kit.services.dead_letters.discard(kit.caller(root), dead.id)
    assert (caught.value.status, caught.value.code) == (409, "task_not_dead")
    with pytest.raises(AppError) as caught:
        kit.services.dead_letters.requeue(kit.caller(root), dead.id)
    assert caught.value.code == "task_not_ended_badly"
    other = kit.project(alice, "other")
    kit.services.lifecycle.start(kit.caller(alice), other)
    failed = bury(store, other, {"code": "uid_differs", "message": "No.", "hint": ""}, dead=False)
    assert (failed.state, failed.finished_at is None) == ("failed", False)
    assert kit.services.dead_letters.requeue(kit.caller(root), failed.id).finished_at is None
    assert at(store, other).state == "starting"


def test_who_starts_the_project_anew_overtakes_the_dead_task(kit: Kit, store: Store) -> None:
    root, alice = kit.user("root2", "superuser"), kit.user("alice")
    project = kit.project(alice)
    kit.services.lifecycle.start(kit.caller(alice), project)
    dead = bury(store, project)
    newer = kit.services.lifecycle.start(kit.caller(alice), at(store, project))
    overtaken = store.tasks.get(dead.id)
    assert overtaken is not None
    assert overtaken.state == "cancelled"
    failed = bury(store, project, dead=False)
    assert failed.id == newer.id
    kit.services.lifecycle.stop(kit.caller(alice), at(store, project))
    with pytest.raises(AppError) as caught:
        kit.services.dead_letters.requeue(kit.caller(root), failed.id)
    assert caught.value.code == "task_overtaken"
    assert at(store, project).state == "stopping"
    kept = store.tasks.get(failed.id)
    assert kept is not None
    assert kept.state == "failed", "nothing of a refused decision is written"


def test_a_deletion_that_was_given_up_goes_on(kit: Kit, store: Store, begin: Begin) -> None:
    root, alice = kit.user("root2", "superuser"), kit.user("alice")
    project = kit.project(alice)
    store.projects.mark_started(project.id)
    kit.services.lifecycle.delete(kit.caller(alice), project)
    dead = bury(store, project)
    assert not at(store, project).deleting
    kit.services.dead_letters.requeue(kit.caller(root), dead.id)
    assert at(store, project).deleting
    begin()
    wait_for(lambda: store.projects.by_id(project.id) is None)


def test_a_newer_task_of_rights_that_waits_does_what_the_failed_one_should(kit: Kit, store: Store) -> None:
    root, alice, _ = kit.user("root2", "superuser"), kit.user("alice"), kit.user("bob")
    project = kit.project(alice)
    store.projects.mark_started(project.id)
    kit.services.team.put(kit.caller(alice), project, "bob", "viewer")
    task = store.tasks.claim("w", 60)
    assert task is not None
    store.transaction(lambda tx: store.tasks.finish(task, "w", AWAY, tx))
    kit.services.team.put(kit.caller(alice), at(store, project), "bob", "member")
    with pytest.raises(AppError) as caught:
        kit.services.dead_letters.requeue(kit.caller(root), task.id)
    assert caught.value.code == "task_overtaken"


def test_the_api_decides_for_superusers(kit: Kit, store: Store) -> None:
    root, alice = kit.api(kit.user("root2", "superuser")), kit.user("alice")
    project = kit.project(alice)
    kit.services.lifecycle.start(kit.caller(alice), project)
    dead = bury(store, project)
    assert [one["id"] for one in root.get("/tasks?state=dead").json["items"]] == [dead.id]
    assert kit.api(alice).post(f"/tasks/{dead.id}/requeue").status_code == 403
    assert root.post(f"/tasks/{dead.id}/requeue").json["state"] == "queued"
    assert root.post(f"/tasks/{dead.id}/discard").json["error"]["code"] == "task_not_dead"
    assert root.post("/tasks/none/discard").status_code == 404
