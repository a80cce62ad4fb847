# SPDX-License-Identifier: GPL-3.0-or-later
"""A project on its way to another owner, as nodes hear of it: again until all have it, and before anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.gatewaystand import RESULT, GatewayStand, wait_for
from tests.integration.worker.test_worker import at, begin, place, stand  # noqa: F401 - fixtures
from tests.serverkit import Kit
from wakari.core.errors import AppError
from wakari.store import Store
from wakari.store.records import Project
from wakari.worker import runner as runner_module
from wakari.worker.worker import Worker

pytestmark = pytest.mark.usefixtures("place")


@pytest.fixture
def moved(kit: Kit, store: Store) -> Project:
    alice = kit.user("alice")
    kit.user("bob")
    project = kit.project(alice, nodes=["n1", "n2"])
    store.projects.mark_started(project.id)
    return kit.services.transfer.transfer(at(store, project), "bob", "alice", keep="member")


def test_each_node_is_told_who_had_it(
    store: Store,
    stand: GatewayStand,  # noqa: F811 - a fixture
    begin: Callable[[], Worker],  # noqa: F811 - a fixture
    moved: Project,
) -> None:
    begin()
    wait_for(lambda: at(store, moved).state == "stopped")
    assert [(job["verb"], job["node"], job["former"]["name"]) for job in stand.jobs] == [
        ("transfer-project", "n1", "alice"),
        ("transfer-project", "n2", "alice"),
    ]
    assert stand.jobs[0]["project"]["owner"]["name"] == "bob"
    assert [one["name"] for one in stand.jobs[0]["project"]["members"]] == ["alice"]
    assert at(store, moved).former is None


def test_a_node_that_is_away_gets_it_when_it_is_back(
    store: Store,
    stand: GatewayStand,  # noqa: F811 - a fixture
    begin: Callable[[], Worker],  # noqa: F811 - a fixture
    moved: Project,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner_module, "BACK_OFF", 0.01)
    failures = iter(range(runner_module.MAX_ATTEMPTS + 2))

    def away(job: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if job["node"] == "n1" and next(failures, None) is not None:
            yield AppError("unreachable", "n1 is away").body("-")
        else:
            yield RESULT

    stand.answer = away
    begin()
    wait_for(lambda: at(store, moved).state == "stopped", 20)
    assert at(store, moved).former is None


def test_a_refusal_is_told_and_the_next_start_begins_with_it(
    kit: Kit,
    store: Store,
    stand: GatewayStand,  # noqa: F811 - a fixture
    begin: Callable[[], Worker],  # noqa: F811 - a fixture
    moved: Project,
) -> None:
    def refuse(_: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield AppError("project_path_taken", "Something is there.", status=409).body("-")

    stand.answer, good = refuse, stand.answer
    begin()
    wait_for(lambda: at(store, moved).state == "error")
    assert at(store, moved).reason == "It could not be handed over: n1: Something is there."
    assert at(store, moved).former
    stand.answer, stand.jobs = good, []
    bob = store.users.get("bob")
    assert bob
    kit.services.lifecycle.start(kit.caller(bob), at(store, moved))
    wait_for(lambda: at(store, moved).state == "running")
    assert [job["verb"] for job in stand.jobs] == ["transfer-project"] * 2 + ["start-project"] * 2
    assert at(store, moved).former is None
