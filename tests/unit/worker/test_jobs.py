# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from wakari.core.errors import UnavailableError
from wakari.core.messages import Job, Person, ProjectSpec
from wakari.worker import jobs
from wakari.worker.health import states

JOB = Job(
    verb="start-project",
    project=ProjectSpec(owner=Person(name="alice", uid=20000, gid=20000), name="demo"),
    requested_by="alice",
    node="n1",
)


@pytest.mark.parametrize(
    ("code", "passing"),
    [
        ("unreachable", True),
        ("helper_unavailable", True),
        ("processes_left", True),
        ("systemd_unavailable", True),
        ("account_failed", True),
        ("uid_differs", False),
    ],
)
def test_what_another_attempt_may_not_meet_is_told_apart(code: str, passing: bool) -> None:
    error = jobs._refusal(
        {"error": {"code": code, "message": "No.", "hint": "Do this.", "detail": {"log": ["x"]}}}, JOB
    )
    assert isinstance(error, UnavailableError) == passing
    assert (error.message, error.hint, error.detail) == ("n1: No.", "Do this.", {"log": ["x"]})


def test_an_error_without_a_shape_is_tried_again() -> None:
    assert isinstance(jobs._refusal({"error": "no"}, JOB), UnavailableError)


@pytest.mark.parametrize(
    "line", [{}, {"step": "dancing", "message": "x"}, {"step": "ready", "message": "x", "fraction": 2}]
)
def test_a_line_that_is_no_progress_breaks_the_job(line: dict[str, object]) -> None:
    with pytest.raises(UnavailableError):
        jobs._progress(line)


def test_deleting_stops_first() -> None:
    assert jobs.STEPS["remove-project"] == ("stop-project", "remove-project")


def test_nodes_are_known_by_the_messages_or_one_by_one() -> None:
    messages = ["n1: the disk is full", "n10: does not answer"]
    assert states(["n1", "n2", "n10"], messages, None) == {"n1": "degraded", "n2": "up", "n10": "degraded"}
    assert states(["n1", "n2"], [], {"n1": "down", "n2": "dancing", "n3": "ok"}) == {"n1": "down", "n2": "up"}
    assert states(["n1"], [], {"n1": ["ok"]}) == {"n1": "up"}
