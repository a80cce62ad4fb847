# SPDX-License-Identifier: GPL-3.0-or-later
"""Many nodes have one gateway and one server: sshd there lets ten of them begin at once, and drops the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
# What compute nodes run: these roles, and what playbooks include for each node.
FILES = ("roles/aen_compute/tasks/*.yml", "roles/aen_tls/tasks/*.yml", "playbooks/tasks/*.yml")
BEGIN_AT_ONCE = 10  # MaxStartups of sshd_config(5), where nobody says otherwise


def tasks(blocks: list[dict[str, Any]], inherited: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the tasks with what blocks around them say."""
    for block in blocks:
        known = {**inherited, **block}
        inner = [task for part in ("block", "rescue", "always") for task in known.pop(part, [])]
        yield from tasks(inner, known) if inner else [known]


def delegated() -> Iterator[Any]:
    """Yield the tasks that hosts in numbers send to another one."""
    for path in sorted(path for pattern in FILES for path in ROOT.glob(pattern)):
        for task in tasks(yaml.safe_load(path.read_text(encoding="utf-8")) or [], {}):
            if task.get("delegate_to", "localhost") != "localhost":
                yield pytest.param(task, id=task["name"])


TASKS = list(delegated())


def test_there_are_such_tasks() -> None:
    assert len(TASKS) >= 5


@pytest.mark.parametrize("task", TASKS)
def test_a_task_sent_to_one_host_by_many_is_throttled(task: dict[str, Any]) -> None:
    assert 0 < task.get("throttle", 0) <= BEGIN_AT_ONCE // 2
