# SPDX-License-Identifier: GPL-3.0-or-later
"""A start that cannot succeed says why, in words for a person; once the cause is gone a second start completes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.functional.platform import Account, Kernel, Site

pytestmark = [pytest.mark.platform, pytest.mark.alone]

ANACONDA = "/opt/wakari/anaconda"


@pytest.fixture
def node(site: Site) -> str:
    return next(name for name, host in site.hosts.items() if host["group"] == "aen_compute")


@pytest.fixture
def project(site: Site, node: str, alice: Account) -> str:
    """Return the path of a project that lives on the node and was never started."""
    admin = site.admin()
    at = next(one for one in admin.call("GET", "/nodes")["items"] if site.hosts[node]["address"] in one["url"])
    alice.call("POST", "/projects", {"name": "fails", "data_center": at["data_center"], "nodes": [at["name"]]})
    return f"{alice.name}/fails"


def test_a_full_disk(site: Site, node: str, alice: Account, project: str) -> None:
    with _other_disk(site, node, "size=32m"):
        reason = _fails(alice, project)
        assert "disk of the projects is full" in reason
        site.run(node, "mount -o remount,size=4g /projects")
        _completes(site, node, alice, project)
        alice.call("POST", f"/projects/{project}/stop")
        alice.wait(project, "stopped")


def test_a_read_only_file_system(site: Site, node: str, alice: Account, project: str) -> None:
    with _other_disk(site, node, "size=4g"):
        site.run(node, "mount -o remount,ro /projects")
        assert "read-only" in _fails(alice, project)
    _completes(site, node, alice, project)


def test_a_missing_distribution(site: Site, node: str, alice: Account, project: str) -> None:
    # What makes a folder an environment; whoever works goes on working.
    site.run(node, f"mv {ANACONDA}/conda-meta {ANACONDA}/conda-meta.aside")
    try:
        reason = _fails(alice, project)
    finally:
        site.run(node, f"mv {ANACONDA}/conda-meta.aside {ANACONDA}/conda-meta")
    assert "The environment 'default' of the project cannot be made" in reason
    assert ANACONDA in reason
    _completes(site, node, alice, project)


def test_a_killed_helper(site: Site, node: str, alice: Account, project: str) -> None:
    alice.call("POST", f"/projects/{project}/start")
    half_made = f"/projects/{project}/envs/.default.partial-*"
    helper = "pgrep -U 0 -f -- '-I -m wakari.helper$'"
    killed = site.run(
        node,
        f"for i in $(seq 3000); do ls -d {half_made} >/dev/null 2>&1 && kill -9 $({helper}) && exec echo killed; "
        "sleep .01; done; exit 1",
    )
    assert killed == "killed"
    # The platform tries again by itself; nobody is told of what mends itself.
    alice.wait(project, "running")
    tasks = [task for task in alice.call("GET", "/tasks")["items"] if task["verb"] == "start-project"]
    assert [task["state"] for task in tasks] == ["done"]
    _completes(site, node, alice, project)


def _fails(person: Account, project: str) -> str:
    """Start the project; return the reason of its error."""
    person.call("POST", f"/projects/{project}/start")
    deadline = time.monotonic() + 120
    while (found := person.call("GET", f"/projects/{project}"))["state"] == "starting":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert found["state"] == "error", found
    return str(found["reason"])


def _completes(site: Site, node: str, person: Account, project: str) -> None:
    running: dict[str, Any] = person.start(project)
    assert site.run(node, f"ls -A /projects/{project}/envs") == "default"
    assert site.run(node, "ls -A /projects/.staging") == ""
    kernel = Kernel(person, running["urls"]["apps"]["notebook"])
    assert kernel.run("import sys, numpy; print(sys.prefix)") == f"/projects/{project}/envs/default"


@contextmanager
def _other_disk(site: Site, node: str, options: str) -> Iterator[None]:
    """Lay a disk in memory over the projects of the node, for the block; what was there is there again afterwards."""
    site.run(node, f"mount -t tmpfs -o mode=711,{options} tmpfs /projects")
    try:
        yield
    finally:
        site.run(node, "umount -l /projects")
