# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing stays behind: not after an ordinary run, and not after one that was killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.hosts.lab_traces import traces

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.hosts.settings import Lab

    Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.root

WANTED = ("one=141", "two=142")
DESTROY_SECONDS = 5.0
ROOT = Path(__file__).parents[3]

MOMENTS: dict[str, Callable[[Lab], bool]] = {
    "bridge": lambda lab: Path("/sys/class/net", lab.bridge).exists(),
    "proxy": lambda lab: (lab.home / "proxy/output").exists(),
    "first disk": lambda lab: (lab.hosts / "one/root/etc").exists(),
    "second disk": lambda lab: (lab.hosts / "two").exists(),
    "first boots": lambda lab: (lab.hosts / "one/console.log").exists(),
    "second boots": lambda lab: (lab.hosts / "two/console.log").exists(),
}


def kill_in_the_middle(command: list[str], lab: Lab, moment: Callable[[Lab], bool]) -> None:
    """Start to bring hosts up, and kill the whole process group as soon as the moment is there."""
    running = subprocess.Popen([*command, "up", *WANTED], start_new_session=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    deadline = time.monotonic() + 60
    while not moment(lab):
        assert running.poll() is None, "up ended before it could be killed"
        assert time.monotonic() < deadline, "the moment never came"
        time.sleep(0.001)
    os.killpg(running.pid, signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL


def destroy(hosts: Run) -> None:
    started = time.monotonic()
    hosts("destroy")
    assert time.monotonic() - started < DESTROY_SECONDS


def test_traces_of_a_lab_are_seen_and_destroy_removes_them_all(hosts: Run, lab: Lab) -> None:
    hosts("up", *WANTED)
    kinds = {one.split()[0] for one in traces(lab)}
    assert kinds == {"process", "mount", "namespace", "link", "route", "cgroup", "nspawn", "folder"}
    destroy(hosts)
    assert traces(lab) == []


@pytest.mark.parametrize("moment", MOMENTS)
def test_destroy_after_a_killed_run_leaves_nothing(hosts: Run, command: list[str], lab: Lab, moment: str) -> None:
    kill_in_the_middle(command, lab, MOMENTS[moment])
    assert traces(lab) != []
    destroy(hosts)
    time.sleep(0.5)  # what was about to start when it was killed may not appear later
    assert traces(lab) == []


def test_destroy_needs_no_intact_state(hosts: Run, lab: Lab) -> None:
    hosts("up", *WANTED)
    (lab.hosts / "one/host.json").write_text('{"name": "o')
    (lab.hosts / "two/host.json").unlink()
    (lab.hosts / "two/base").unlink()
    lab.known_hosts.unlink()
    destroy(hosts)
    assert traces(lab) == []


@pytest.mark.parametrize("seconds", [0.08, 0.12, 0.16, 0.2, 0.24])
def test_destroy_after_a_killed_destroy_leaves_nothing(
    hosts: Run, command: list[str], lab: Lab, seconds: float
) -> None:
    hosts("up", *WANTED)
    running = subprocess.Popen([*command, "destroy"], start_new_session=True, stdout=subprocess.DEVNULL, cwd=ROOT)
    time.sleep(seconds)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    destroy(hosts)
    assert traces(lab) == []


def test_up_after_a_killed_run_gives_working_hosts(hosts: Run, command: list[str], lab: Lab) -> None:
    kill_in_the_middle(command, lab, MOMENTS["second disk"])
    hosts("up", *WANTED)
    assert hosts("ssh", "two", "getent hosts one").stdout.startswith("198.51.100.141")
    destroy(hosts)
    assert traces(lab) == []


def test_destroy_of_an_empty_lab_spares_one_with_hosts(hosts: Run, lab: Lab) -> None:
    hosts("up", WANTED[0])
    hosts("destroy", "--if-empty")
    assert hosts("ssh", "one", "hostname").stdout == "one\n"
    hosts("down", "one")
    hosts("destroy", "--if-empty")
    assert traces(lab) == []
