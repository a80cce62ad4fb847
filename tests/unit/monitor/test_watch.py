# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at apps one after the other: counted, warned, kept, stopped, and remembered over a restart."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from wakari.compute.settings import ComputeSettings
from wakari.core.errors import AppError
from wakari.core.messages import instance_of
from wakari.core.reports import StoppedReport
from wakari.helper.systemd import AppUnit
from wakari.monitor import usage
from wakari.monitor.watch import Watch

UNIT = AppUnit(instance_of("alice", "p", "bob", "tool"), "alice", "p", "bob", "tool", "active", 1000.0, "/g")
QUIET = usage.Usage(5.0, 4096, 8192, 3, ())


class Scene:
    """One node with one app, and a clock that the test moves."""

    def __init__(self, folder: Path) -> None:
        apps = folder / "etc/wakari/apps"
        apps.mkdir(parents=True)
        self.manifest = apps / "tool.json"
        self.write()
        self.settings = ComputeSettings(
            node_name="n1", prefix=folder, run_dir=folder / "run", report_interval=60, idle_timeout=600
        )
        self.now = 2000.0
        self.units = [UNIT]
        self.stops: list[tuple[str, str]] = []
        self.refuse = False
        self.watch = self.restart()

    def write(self, **fields: Any) -> None:
        manifest = {"name": "tool", "title": "Tool", "command_list": ["/bin/true"], **fields}
        self.manifest.write_text(json.dumps(manifest))

    def restart(self) -> Watch:
        self.watch = Watch(self.settings, self, units=lambda: list(self.units), clock=lambda: self.now)  # type: ignore[arg-type]
        return self.watch

    def call(self, verb: str, requested_by: str, **fields: Any) -> dict[str, Any]:
        """Be the root helper."""
        assert verb == "stop-app"
        if self.refuse:
            raise AppError("systemd_unavailable", "No.", status=503)
        self.stops.append((fields["instance"], requested_by))
        self.units.clear()
        return {}

    def looks(self, count: int) -> None:
        for _ in range(count):
            self.watch.look()
            self.now += 60


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr(usage, "read", lambda _: QUIET)
    return Scene(tmp_path)


def test_an_app_that_nobody_uses_is_stopped_once_and_the_reason_is_kept(scene: Scene) -> None:
    scene.looks(10)
    assert scene.stops == []
    assert scene.watch.views()[0].report().warned
    scene.looks(1)
    assert scene.stops == [(UNIT.instance, "bob")]
    assert scene.watch.views() == []
    assert scene.watch.stopped() == [
        StoppedReport(
            owner="alice",
            project="p",
            user="bob",
            app="tool",
            at=2600.0,
            reason="stopped after 10 min without activity",
        )
    ]


def test_the_count_goes_on_after_a_restart(scene: Scene) -> None:
    scene.looks(6)
    scene.restart()
    scene.looks(5)
    assert len(scene.stops) == 1


def test_the_reason_goes_when_the_app_is_opened_again_and_after_a_week(scene: Scene) -> None:
    scene.looks(11)
    scene.restart()
    assert len(scene.watch.stopped()) == 1
    scene.looks(1)
    assert len(scene.watch.stopped()) == 1
    scene.units.append(UNIT)  # one that began before: it was stopped while a look was under way
    scene.looks(1)
    assert len(scene.watch.stopped()) == 1
    scene.units[:] = [replace(UNIT, since=scene.now)]
    scene.looks(1)
    assert scene.watch.stopped() == []
    scene.looks(11)
    assert len(scene.watch.stopped()) == 1
    scene.now += 8 * 86400
    scene.looks(1)
    assert scene.watch.stopped() == []


def test_an_app_that_is_kept_is_not_stopped_and_a_new_run_is_not_kept(scene: Scene) -> None:
    scene.watch.look()
    scene.watch.snooze(UNIT.instance, 3600, "bob")
    scene.looks(30)
    assert scene.stops == []
    scene.units.clear()
    scene.looks(1)
    assert scene.watch.snoozed_until(UNIT.instance) == 0


def test_a_manifest_may_say_otherwise(scene: Scene) -> None:
    scene.write(idle_timeout=0)
    scene.looks(30)
    assert scene.stops == []
    assert scene.watch.views()[0].report().stops_at is None
    scene.write(idle_timeout=120)
    scene.looks(1)
    assert len(scene.stops) == 1


def test_without_a_manifest_it_is_not_known_how_to_ask(scene: Scene) -> None:
    scene.manifest.unlink()
    scene.looks(15)
    assert scene.stops == []


def test_a_jupyter_that_does_not_answer_is_not_idle(scene: Scene) -> None:
    scene.write(activity="jupyter")
    scene.looks(15)
    assert scene.stops == []
    assert scene.watch.views()[0].state.idle == 0


def test_a_stop_that_fails_is_tried_again(scene: Scene) -> None:
    scene.refuse = True
    scene.looks(12)
    assert scene.watch.stopped() == []
    assert len(scene.watch.views()) == 1
    scene.refuse = False
    scene.looks(1)
    assert len(scene.stops) == 1


def test_a_damaged_record_begins_the_count_anew_and_stops_nothing(scene: Scene) -> None:
    scene.looks(10)
    (scene.settings.prefix / f"var/lib/monitor/apps/{UNIT.instance}.json").write_text("{")
    scene.looks(1)
    assert scene.stops == []
    assert scene.watch.views()[0].state.idle == 0


def test_use_is_told_as_it_was_measured(scene: Scene) -> None:
    scene.looks(2)
    told = scene.watch.views()[0].report()
    assert (told.cpu, told.cpu_seconds, told.memory, told.memory_peak, told.tasks) == (0.0, 5.0, 4096, 8192, 3)
    assert told.stops_at == 2060 + 600 - 60


def test_looking_reads_a_manifest_that_did_not_change_once(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    scene.looks(5)
    assert [record.message for record in caplog.records].count("loaded configuration") == 1
