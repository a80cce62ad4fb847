# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent upward, what is kept where it does not arrive, and which checks are made for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wakari.compute.settings import ComputeSettings
from wakari.core import tokens
from wakari.core.errors import AppError, UnavailableError
from wakari.core.http import Peer
from wakari.core.reports import NodeReport
from wakari.monitor.reporter import Reporter
from wakari.monitor.watch import Watch

SPEC = {"owner": {"name": "alice", "uid": 20000, "gid": 20000}, "name": "p"}
PROBLEM = {"path": "data/x", "owner": "bob", "found": "u::rw-", "wanted": "u::rwx"}


class Scene:
    """A reporter whose gateway and root helper are the test's."""

    def __init__(self, folder: Path) -> None:
        (folder / "etc/wakari").mkdir(parents=True)
        (folder / "etc/wakari/node-key").write_text(tokens.new_key())
        settings = ComputeSettings(
            node_name="n1", prefix=folder, run_dir=folder, gateway_url="http://gw:8089/", gateway_client_id="dc1"
        )
        self.away = False
        self.answer: Any = {"check_permissions": [SPEC]}
        self.sent: list[tuple[Peer, NodeReport]] = []
        self.checked: list[tuple[str, str]] = []
        self.found: Any = {"permissions": {"checked": 9, "wrong": 1, "problems": [PROBLEM]}}
        self.reporter = Reporter(settings, Watch(settings, self, units=list), self)  # type: ignore[arg-type]
        self.reporter._client = Gateway(self)  # type: ignore[assignment]

    def call(self, verb: str, requested_by: str, **fields: Any) -> dict[str, Any]:
        """Be the root helper."""
        self.checked.append((verb, f"{requested_by}/{fields['project']['name']}"))
        if isinstance(self.found, AppError):
            raise self.found
        return dict(self.found)


class Gateway:
    """Takes reports."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def call(self, peer: Peer, _: str, path: str, body: Any, __: float) -> Any:
        assert path == "/_wakari/v1/reports"
        if self._scene.away:
            raise UnavailableError("unreachable", "away")
        self._scene.sent.append((peer, NodeReport.model_validate(body)))
        return self._scene.answer


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_report_is_signed_as_the_node_for_its_gateway(scene: Scene) -> None:
    assert scene.reporter.report()
    peer, report = scene.sent[0]
    assert (peer.url, peer.issuer, peer.audience) == ("http://gw:8089", "node:n1", "gateway:dc1")
    assert report.memory_total > 0
    assert report.cores > 0


def test_what_the_server_asks_for_is_checked_once_and_told_with_the_next_report(scene: Scene) -> None:
    scene.reporter.report()
    scene.reporter.report()  # asked for again before it was done
    scene.reporter.check()
    assert scene.checked == [("check-permissions", "alice/p")]
    scene.reporter.report()
    told = scene.sent[-1][1].permissions
    assert [(one.project, one.checked, one.wrong, one.examples, one.error) for one in told] == [
        ("p", 9, 1, ("data/x (bob): u::rw-, not u::rwx",), None)
    ]
    scene.answer = {}
    scene.reporter.report()
    assert scene.sent[-1][1].permissions == ()


def test_a_result_that_did_not_arrive_is_told_later(scene: Scene) -> None:
    scene.reporter.report()
    scene.reporter.check()
    scene.away = True
    assert not scene.reporter.report()
    scene.away = False
    scene.reporter.report()
    assert [one.project for one in scene.sent[-1][1].permissions] == ["p"]


def test_a_check_that_fails_says_why(scene: Scene) -> None:
    scene.found = AppError("project_owner_wrong", "It is somebody else's.", status=409)
    scene.reporter.report()
    scene.reporter.check()
    scene.reporter.report()
    assert [one.error for one in scene.sent[-1][1].permissions] == ["It is somebody else's."]


@pytest.mark.parametrize("answer", [{}, {"check_permissions": None}, {"check_permissions": [1, {"name": "../x"}]}])
def test_an_answer_of_another_shape_asks_for_nothing(scene: Scene, answer: Any) -> None:
    scene.answer = answer
    assert scene.reporter.report()
    scene.reporter.check()
    assert scene.checked == []


@pytest.mark.parametrize("found", [{"permissions": None}, {"permissions": {"checked": "x", "problems": "y"}}])
def test_a_project_that_never_started_here_has_nothing_wrong(scene: Scene, found: Any) -> None:
    scene.found = found
    scene.reporter.report()
    scene.reporter.check()
    scene.reporter.report()
    told = scene.sent[-1][1].permissions[0]
    assert (told.checked, told.wrong, told.examples) == (0, 0, ())


def test_a_node_without_a_gateway_reports_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = ComputeSettings(node_name="n1", prefix=tmp_path, run_dir=tmp_path)
    reporter = Reporter(settings, Watch(settings, None, units=list), None)  # type: ignore[arg-type]
    assert not reporter.report()
    assert not reporter.report()
    assert [record.message for record in caplog.records] == ["reports do not arrive"]  # said once
