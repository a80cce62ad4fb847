# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of a project as a whole: two of its apps together stay within them, while a neighbour works on."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.functional.neighbours import TOOLS, Tenant, answering, close_kernels
from tests.functional.platform import Account, Kernel, Site
from wakari.core.messages import instance_of, project_id_of

pytestmark = [pytest.mark.platform, pytest.mark.alone]

MIB = 1 << 20
BOUND = 2.0  # seconds within which a neighbour's kernel answers (measured: 0.2)
SOON = 30.0  # seconds within which a change reaches the node (measured: 2)
# Below what each app may have by itself on the test hosts (2 GiB, 256 tasks, one core).
TOGETHER = {"memory_max": "900M", "tasks_max": 200, "cpu_quota_percent": 60}
# Takes memory page by page and keeps it for some seconds, in a process of its own; says how much it got.
HOLD = (
    "import time; x = bytearray({0}); x[::4096] = bytes([1]) * len(range(0, {0}, 4096)); time.sleep({1}); print(len(x))"
)
# Forks as many as it is let, each of which waits; says how many there were.
FORK = """
import os, time
made = 0
for _ in range({0}):
    try:
        child = os.fork()
    except BlockingIOError:
        continue
    if child == 0:
        time.sleep({1})
        os._exit(0)
    made += 1
time.sleep({1})
print(made)
"""
BURN = "import time\nuntil = time.monotonic() + {0}\nwhile time.monotonic() < until: pass\nprint(time.process_time())"


@dataclass
class Crowd:
    """Owner and member of one project, each with a notebook in it, and somebody else on the same node."""

    site: Site
    owner: Tenant
    member: Tenant
    neighbour: Tenant

    @property
    def node(self) -> str:
        return str(self.owner.project["nodes"][0])

    @property
    def path(self) -> str:
        return f"/projects/{self.owner.name}/{self.owner.project['name']}"

    def limit(self, **limits: Any) -> None:
        """Set the limits and wait until the node has them."""
        wanted = {"memory_max": None, "tasks_max": None, "cpu_quota_percent": None} | limits
        if self.site.admin().call("GET", self.path)["limits"] == wanted:
            return
        self.site.admin().call("PATCH", self.path, {"limits": limits})
        deadline = time.monotonic() + SOON
        while time.monotonic() < deadline:
            tasks = self.site.admin().call("GET", "/tasks?limit=20")["items"]
            mine = [task for task in tasks if f"/projects/{task['project']}" == self.path]
            if mine[0]["verb"] == "apply-settings" and mine[0]["state"] == "done":
                return
            assert mine[0]["state"] != "failed", mine[0]["error"]
            time.sleep(0.2)
        raise AssertionError(f"not applied: {mine[0]}")

    def both(self, code: str) -> list[tuple[int, str]]:
        """Return what the code says, run in both apps of the project at the same time, with its exit statuses."""
        command = f"said(sys.executable, '-c', {code!r})"
        said: dict[int, tuple[int, str]] = {}

        def run(number: int, tenant: Tenant) -> None:
            said[number] = tenant.value(command)

        threads = [threading.Thread(target=run, args=pair) for pair in enumerate((self.owner, self.member))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        return [said[0], said[1]]


@pytest.fixture(scope="module")
def crowd(site: Site) -> Iterator[Crowd]:
    owner, member, other = (site.new_account(name) for name in ("owner", "member", "other"))
    project = owner.project("together")
    owner.call("PUT", f"/projects/{owner.name}/together/members/{member.name}", {"role": "member"})
    at = {"data_center": project["data_center"], "nodes": project["nodes"]}
    neighbour = Tenant(other, other.project("apart", **at))
    made = Crowd(site, Tenant(owner, project), Tenant(member, project), neighbour)
    yield made
    close_kernels()


@pytest.fixture(autouse=True)
def _close_kernels() -> None:
    """Keep the kernels of this module."""


def test_apps_of_one_project_share_a_slice_that_apps_of_another_are_not_in(crowd: Crowd) -> None:
    groups = {
        name: crowd.site.run(crowd.node, f"systemctl show -P ControlGroup wakari-app-{instance}.service")
        for name, instance in (
            ("owner", crowd.owner.instance),
            ("member", instance_of(crowd.owner.name, "together", crowd.member.name, "notebook")),
            ("neighbour", crowd.neighbour.instance),
        )
    }
    slices = {name: group.rpartition("/")[0] for name, group in groups.items()}
    ours = f"/wakari.slice/wakari-apps.slice/wakari-apps-{project_id_of(crowd.owner.name, 'together')}.slice"
    assert slices["owner"] == slices["member"] == ours
    assert slices["neighbour"] != ours
    assert crowd.site.run(crowd.node, f"systemctl show -P CPUWeight {ours.rpartition('/')[2]}") == "200"  # two apps


def test_memory_of_two_apps_together(crowd: Crowd) -> None:
    each = 650 * MIB  # one alone is within the limit, both are not
    crowd.limit()
    assert [status for status, _ in crowd.both(HOLD.format(each, 4))] == [0, 0]
    crowd.limit(**TOGETHER)
    assert crowd.owner.value(f"said(sys.executable, '-c', {HOLD.format(each, 0)!r})")[0] == 0
    with answering(crowd.neighbour) as slowest:
        statuses = [status for status, _ in crowd.both(HOLD.format(each, 4))]
    assert -9 in statuses, statuses
    assert slowest[0] < BOUND
    for tenant in (crowd.owner, crowd.member, crowd.neighbour):
        assert tenant.value("6 * 7") == 42  # what took too much died, and no notebook


def test_processes_of_two_apps_together(crowd: Crowd) -> None:
    crowd.limit(**TOGETHER)
    with answering(crowd.neighbour) as slowest:
        said = crowd.both(FORK.format(180, 5))
    made = [int(words) for status, words in said if status == 0]
    assert 0 < sum(made) < TOGETHER["tasks_max"], said
    assert slowest[0] < BOUND


def test_processor_of_two_apps_together_and_a_change_while_they_run(crowd: Crowd) -> None:
    crowd.limit(**TOGETHER)
    spent = sum(float(words) for _, words in crowd.both(BURN.format(5)))
    assert spent < 5 * 0.6 * 1.3, f"{spent} s of processor time in 5 s"
    before = crowd.owner.kernel.id
    crowd.limit(**{**TOGETHER, "cpu_quota_percent": 10})
    slower = sum(float(words) for _, words in crowd.both(BURN.format(5)))
    assert slower < 5 * 0.1 * 2, f"{slower} s of processor time in 5 s"
    assert crowd.owner.kernel.id == before
    crowd.limit()


def test_limits_outlive_a_restart_of_the_services_and_bind_the_next_app(crowd: Crowd) -> None:
    crowd.limit(**TOGETHER)
    crowd.site.run(crowd.node, "service wakari-compute restart")
    deadline = time.monotonic() + 60
    while not crowd.owner.account.session.get(crowd.owner.notebook + "api/status", timeout=90).ok:
        assert time.monotonic() < deadline
        time.sleep(0.5)
    lab = crowd.owner.project["urls"]["apps"]["lab"]
    answer = crowd.owner.account.session.get(lab + "api/status", timeout=120)
    assert answer.ok, answer.text
    name = f"wakari-apps-{project_id_of(crowd.owner.name, 'together')}.slice"
    held = crowd.site.run(crowd.node, f"systemctl show -P MemoryMax -P TasksMax -P CPUQuotaPerSecUSec {name}")
    assert sorted(held.split()) == sorted(["600ms", str(900 * MIB), "200"])


def test_a_limit_that_the_kernel_does_not_hold_stops_the_app_with_the_reason(site: Site, crowd: Crowd) -> None:
    person: Account = site.new_account("unheld")
    at = {"data_center": crowd.owner.project["data_center"], "nodes": crowd.owner.project["nodes"]}
    project = person.project("unheld", **at)
    site.admin().call("PATCH", f"/projects/{person.name}/unheld", {"limits": {"tasks_max": 100}})
    notebook = project["urls"]["apps"]["notebook"]
    scripts = "/opt/wakari/wakari-compute/etc/wakari/scripts/config.json"
    held = json.loads(site.run(crowd.node, f"cat {scripts}"))
    lighter = json.dumps({**held, "app_limits": {}})
    # The site asks for no limit of tasks itself, and the node lacks the controller: on cgroup v1 it can be covered.
    site.run(crowd.node, f"cp -p {scripts} {scripts}.aside; echo '{lighter}' > {scripts}")
    site.run(crowd.node, "mount -t tmpfs -o ro tmpfs /sys/fs/cgroup/pids")
    try:
        answer = person.session.get(notebook + "api/status", timeout=90)
    finally:
        site.run(crowd.node, f"umount /sys/fs/cgroup/pids; mv {scripts}.aside {scripts}")
    assert answer.status_code >= 500
    assert answer.json()["error"]["code"] == "limit_not_enforced"
    assert "TasksMax of the project" in answer.json()["error"]["message"]
    assert site.run(crowd.node, f"pgrep -u {person.name} || true") == ""
    time.sleep(3.5)  # for three seconds the gateway tells everybody of the same failure
    assert Kernel(person, notebook).run(TOOLS + "\nprint(6 * 7)") == "42"
