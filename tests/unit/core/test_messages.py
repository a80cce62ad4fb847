# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from wakari.core.messages import Job, Limits, Person, ProjectSpec, instance_of

OWNER = {"name": "alice", "uid": 20000, "gid": 20000}


def spec(**changes: Any) -> dict[str, Any]:
    return {"owner": OWNER, "name": "p1", **changes}


def test_a_project_and_its_path() -> None:
    assert ProjectSpec.model_validate(spec()).path == "alice/p1"


@pytest.mark.parametrize(
    "bad",
    [
        spec(name="../p"),
        spec(extra=1),
        spec(owner={**OWNER, "uid": 0}),
        spec(owner={**OWNER, "uid": "20000"}),
        spec(owner={**OWNER, "uid": 60000}),
        spec(owner={**OWNER, "name": "root"}),
        spec(members=[{**OWNER, "role": "admin"}]),
        spec(environment="../x"),
    ],
)
def test_what_no_node_may_be_asked_for(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ProjectSpec.model_validate(bad)


def test_a_job_has_one_of_the_fixed_verbs() -> None:
    with pytest.raises(ValidationError):
        Job.model_validate({"verb": "reboot", "project": spec(), "requested_by": "alice"})


def test_instances_of_neighbours_differ() -> None:
    neighbours = {
        instance_of("a", "p", "a", "notebook"),
        instance_of("a", "p1", "a", "notebook"),
        instance_of("a", "p10", "a", "notebook"),
        instance_of("a", "p", "b", "notebook"),
        instance_of("a", "p", "a", "lab"),
    }
    assert len(neighbours) == 5
    assert all(len(instance) == 20 for instance in neighbours)


def test_a_message_is_sent_without_what_the_release_before_does_not_know() -> None:
    owner = Person(name="alice", uid=20000, gid=20000)
    job = Job(verb="start-project", project=ProjectSpec(owner=owner, name="demo"), requested_by="alice")
    # Nothing but what release 0.1.0 had.
    assert job.sent() == {
        "verb": "start-project",
        "project": {"owner": {"name": "alice", "uid": 20000, "gid": 20000}, "name": "demo"},
        "requested_by": "alice",
    }
    assert Job.model_validate(job.sent()) == job
    limited = job.model_copy(update={"project": job.project.model_copy(update={"limits": Limits(tasks_max=64)})})
    assert limited.sent()["project"]["limits"] == {"tasks_max": 64}
