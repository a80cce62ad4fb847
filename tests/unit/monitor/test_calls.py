# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person may do to whose apps through the local socket, and that a hostile one does no more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wakari.compute.settings import ComputeSettings
from wakari.core.errors import AppError
from wakari.core.messages import instance_of
from wakari.core.reports import Act
from wakari.helper.systemd import AppUnit
from wakari.monitor.calls import Calls
from wakari.monitor.watch import Watch


def unit(owner: str, project: str, user: str, app: str = "lab") -> AppUnit:
    return AppUnit(instance_of(owner, project, user, app), owner, project, user, app, "active", 1000.0, "")


# alice owns p1, bob works in it; carol owns p10, dave works there.
OWN, BOBS, CAROLS, DAVES = (
    unit("alice", "p1", "alice"),
    unit("alice", "p1", "bob"),
    unit("carol", "p10", "carol"),
    unit("carol", "p10", "dave"),
)
UNITS = [OWN, BOBS, CAROLS, DAVES]


class Helper:
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, dict[str, Any]]] = []

    def call(self, verb: str, requested_by: str, **fields: Any) -> dict[str, Any]:
        self.calls.append((verb, requested_by, fields))
        return {}


class Upward:
    """Takes acts."""

    def __init__(self) -> None:
        self.acts: list[Act] = []

    def act(self, act: Act) -> dict[str, Any]:
        self.acts.append(act)
        return {"environment": act.environment}


class Scene:
    def __init__(self, folder: Path) -> None:
        settings = ComputeSettings(node_name="n1", prefix=folder, run_dir=folder / "run")
        self.helper, self.upward = Helper(), Upward()
        self.watch = Watch(settings, self.helper, units=lambda: UNITS, clock=lambda: 5000.0)  # type: ignore[arg-type]
        self.calls = Calls(settings, self.watch, self.upward, units=lambda: UNITS)  # type: ignore[arg-type]

    def ask(self, person: str, /, **content: Any) -> dict[str, Any]:
        return self.calls.answer(person, content)

    def refused(self, person: str, /, **content: Any) -> str:
        with pytest.raises(AppError) as caught:
            self.ask(person, **content)
        return caught.value.code


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.mark.parametrize(
    ("person", "seen"),
    [("alice", [OWN, BOBS]), ("bob", [OWN, BOBS]), ("dave", [CAROLS, DAVES]), ("mallory", [])],
)
def test_a_person_sees_the_projects_they_own_or_work_in(scene: Scene, person: str, seen: list[AppUnit]) -> None:
    assert [one["instance"] for one in scene.ask(person, call="list")["apps"]] == [one.instance for one in seen]


def test_what_was_not_measured_yet_is_said_to_be_unknown(scene: Scene) -> None:
    told = scene.ask("alice", call="list")["apps"][0]
    assert {name: told[name] for name in ("cpu", "memory", "tasks", "idle", "stops_at", "warned")} == dict.fromkeys(
        ("cpu", "memory", "tasks", "idle", "stops_at", "warned")
    )


@pytest.mark.parametrize(
    ("person", "target", "may"),
    [
        ("alice", OWN, True),
        ("alice", BOBS, True),
        ("bob", BOBS, True),
        ("bob", OWN, False),
        ("alice", CAROLS, False),
        ("dave", CAROLS, False),
        ("mallory", OWN, False),
    ],
)
@pytest.mark.parametrize("call", [{"call": "stop"}, {"call": "snooze", "seconds": 60}])
def test_one_stops_and_keeps_ones_own_and_an_owner_all_of_the_project(
    scene: Scene, person: str, target: AppUnit, call: dict[str, Any], *, may: bool
) -> None:
    if may:
        scene.ask(person, instance=target.instance, **call)
        assert [fields for _, _, fields in scene.helper.calls] == (
            [{"instance": target.instance}] if call["call"] == "stop" else []
        )
        return
    # The same answer as for an app that does not run: nothing is told of others.
    assert scene.refused(person, instance=target.instance, **call) == "app_not_running"
    assert scene.refused(person, instance="f" * 20, **call) == "app_not_running"
    assert scene.helper.calls == []
    assert not scene.watch.snoozed_until(target.instance)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"call": "start"},
        {"call": "list", "person": "alice"},
        {"call": "stop"},
        {"call": "stop", "instance": "../../etc"},
        {"call": "stop", "instance": "A" * 20},
        {"call": "stop", "instance": OWN.instance, "requested_by": "alice"},
        {"call": "snooze", "instance": OWN.instance, "seconds": -1},
        {"call": "snooze", "instance": OWN.instance, "seconds": float("inf")},
        {"call": "snooze", "instance": OWN.instance, "seconds": float("nan")},
        {"call": "set-environment", "owner": "alice", "project": "p1", "environment": "../x"},
        {"call": "set-environment", "owner": "alice", "project": "../p1", "environment": "x"},
        {"call": "set-environment", "owner": "alice", "project": "p1", "environment": "x", "person": "alice"},
    ],
)
def test_what_is_no_call_is_refused(scene: Scene, content: dict[str, Any]) -> None:
    assert scene.refused("alice", **content) == "request_invalid"
    assert (scene.helper.calls, scene.upward.acts) == ([], [])


def test_a_snooze_is_bounded(scene: Scene) -> None:
    assert scene.ask("bob", call="snooze", instance=BOBS.instance, seconds=86400)["until"] == 5000 + 86400
    assert scene.refused("bob", call="snooze", instance=BOBS.instance, seconds=86401) == "snooze_invalid"
    assert scene.watch.snoozed_until(BOBS.instance) == 5000 + 86400


def test_the_environment_is_the_servers_to_decide_and_the_person_the_kernels(scene: Scene) -> None:
    scene.ask("bob", call="set-environment", owner="alice", project="p1", environment="new")
    assert scene.upward.acts == [Act(node="n1", person="bob", owner="alice", project="p1", environment="new")]
    assert scene.refused("bob", call="set-environment", owner="carol", project="p10", environment="new") == (
        "project_not_found"
    )
    assert len(scene.upward.acts) == 1
