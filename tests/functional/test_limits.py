# SPDX-License-Identifier: GPL-3.0-or-later
"""What one app takes too much of stays its own trouble: memory, processes and processor, while a neighbour works on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.functional.neighbours import Neighbours, answering, close_kernels, settle
from tests.functional.platform import Account, Site

pytestmark = [pytest.mark.platform, pytest.mark.alone]

# Seconds within which a neighbour's kernel answers, whatever happens next door (measured: 0.2, at rest 0.02).
BOUND = 2.0
UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
# Touches twice the limit, page by page, in a process of its own.
FILL = (
    "said(sys.executable, '-c', 'x = bytearray({0}); x[::4096] = bytes([1]) * len(range(0, {0}, 4096)); print(len(x))')"
)
# Forks twice the limit; each child keeps a processor busy for some seconds. Says how many there were.
FORK = """
import os, time
made, until = 0, time.time() + 6
for _ in range({0}):
    try:
        child = os.fork()
    except BlockingIOError:
        continue
    if child == 0:
        while time.time() < until:
            pass
        os._exit(0)
    made += 1
print(made)
"""


@pytest.fixture(scope="module")
def both(site: Site) -> Iterator[Neighbours]:
    yield settle(site)
    close_kernels()


@pytest.fixture(autouse=True)
def _close_kernels() -> None:
    """Keep the kernels of this module: they are the neighbours."""


@pytest.fixture(scope="module")
def limits(both: Neighbours) -> dict[str, Any]:
    found: dict[str, Any] = both.settings()["app_limits"]
    assert {"memory_max", "tasks_max", "cpu_quota_percent"} <= set(found), f"This platform sets no limits: {found}"
    return found


def test_memory_is_the_apps_own(both: Neighbours, limits: dict[str, Any]) -> None:
    most = int(limits["memory_max"][:-1]) * UNITS[limits["memory_max"][-1]]
    assert both.thief.value(FILL.format(most // 8))[0] == 0  # what is within the limit is given
    with answering(both.keeper) as slowest:
        status, told = both.thief.value(FILL.format(2 * most))
    assert status == -9, told
    assert slowest[0] < BOUND
    assert both.thief.kernel.run("6 * 7") == "42"  # the process that took too much died, not the notebook


def test_processes_and_processor_are_the_apps_own(both: Neighbours, limits: dict[str, Any]) -> None:
    with answering(both.keeper) as slowest:
        status, told = both.thief.value(f"said(sys.executable, '-c', {FORK.format(2 * limits['tasks_max'])!r})")
        group = both.site.run(both.node, f"systemctl show -P ControlGroup wakari-app-{both.thief.instance}.service")
        time.sleep(4)  # the children are still busy
    assert status == 0, told
    assert 0 < int(told) < limits["tasks_max"], f"{told} processes in {group}"
    assert slowest[0] < BOUND
    time.sleep(3)
    assert both.thief.kernel.run("6 * 7") == "42"


def test_a_limit_that_the_kernel_does_not_hold_stops_the_app_with_the_reason(site: Site, both: Neighbours) -> None:
    person: Account = site.new_account("limits")
    at = {"data_center": both.keeper.project["data_center"], "nodes": both.keeper.project["nodes"]}
    notebook = person.project("unlimited", **at)["urls"]["apps"]["notebook"]
    # A node without the controller of tasks: on cgroup v1 it is a file system of its own, which can be covered.
    site.run(both.node, "mount -t tmpfs -o ro tmpfs /sys/fs/cgroup/pids")
    try:
        answer = person.session.get(notebook + "api/status", timeout=90)
    finally:
        site.run(both.node, "umount /sys/fs/cgroup/pids")
    assert answer.status_code >= 500
    assert answer.json()["error"]["code"] == "limit_not_enforced"
    assert "TasksMax" in answer.json()["error"]["message"]
    assert site.run(both.node, f"pgrep -u {person.name} || true") == ""
    time.sleep(3.5)  # for three seconds the gateway tells everybody of the same failure
    assert person.session.get(notebook + "api/status", timeout=90).ok
