# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting and stopping a project, and waiting for what comes of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ._client import Client, Json
from ._entity import CannotError
from ._team import project_path

POLL = 0.5  # seconds between two looks; a start takes from one second to minutes
GOALS = {"started": ("running", "starting", "start"), "stopped": ("stopped", "stopping", "stop")}


def start_stop(client: Client, wanted: Mapping[str, Any]) -> Json:
    """Return what a module answers once the project is where it shall be.

    Raises:
        CannotError: it failed, or takes longer than `wait_timeout` seconds.
    """
    path = project_path(wanted["project"])
    goal, on_the_way, verb = GOALS[wanted["state"]]
    project = client.get(path)
    before = project["state"]
    changed = before not in {goal, on_the_way}
    result: Json = {"changed": changed, "diff": {"before": {"state": before}, "after": {"state": goal}}}
    if not changed:
        result["diff"]["after"]["state"] = before
    if client.read_only:
        return {**result, "project": project}
    if changed:
        result["task"] = client.write("POST", f"{path}/{verb}")["id"]
    if wanted["wait"]:
        project = _settled(client, path, goal, wanted)
    elif changed:
        project = client.get(path)
    return {**result, "project": project}


def _settled(client: Client, path: str, goal: str, wanted: Mapping[str, Any]) -> Json:
    end = time.monotonic() + float(wanted["wait_timeout"])
    while True:
        project = client.get(path)
        state = project["state"]
        if state == goal:
            return project
        if state == "error":
            raise CannotError(f"{wanted['project']} failed: {project['reason']}")
        step = (project["progress"] or {}).get("message", "nothing is reported")
        if time.monotonic() > end:
            raise CannotError(
                f"{wanted['project']} is still {state} after {wanted['wait_timeout']} s (last step: {step}). "
                "Look at its page, or raise wait_timeout."
            )
        time.sleep(POLL)
