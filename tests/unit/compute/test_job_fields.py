# SPDX-License-Identifier: GPL-3.0-or-later
"""What the root helper is told of a job."""

from __future__ import annotations

import pytest

from wakari.compute.app import _fields
from wakari.core.messages import Job

ALICE = {"name": "alice", "uid": 20001, "gid": 20001}


@pytest.mark.parametrize(("said", "mode"), [({}, "archive"), ({"files": "delete"}, "delete")])
def test_files_go_the_way_that_the_job_says(said: dict[str, str], mode: str) -> None:
    body = {"verb": "remove-project", "project": {"owner": ALICE, "name": "demo"}, "requested_by": "alice", **said}
    assert _fields(Job.model_validate(body))["mode"] == mode
    assert "mode" not in _fields(Job.model_validate({**body, "verb": "stop-project"}))
