# SPDX-License-Identifier: GPL-3.0-or-later
"""Many nodes have one gateway and one server: sshd there lets ten of them begin at once, and drops the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROLES = Path(__file__).resolve().parents[3] / "roles"
BEGIN_AT_ONCE = 10  # MaxStartups of sshd_config(5), where nobody says otherwise


def delegated() -> Iterator[Any]:
    """Yield the tasks that hosts in numbers send to another one."""
    for role in ("aen_compute", "aen_tls"):
        for path in sorted(ROLES.glob(f"{role}/tasks/*.yml")):
            for task in yaml.safe_load(path.read_text(encoding="utf-8")) or []:
                if task.get("delegate_to", "localhost") != "localhost":
                    yield pytest.param(task, id=task["name"])


TASKS = list(delegated())


def test_there_are_such_tasks() -> None:
    assert len(TASKS) >= 5


@pytest.mark.parametrize("task", TASKS)
def test_a_task_sent_to_one_host_by_many_is_throttled(task: dict[str, Any]) -> None:
    assert 0 < task.get("throttle", 0) <= BEGIN_AT_ONCE // 2
