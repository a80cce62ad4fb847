# SPDX-License-Identifier: GPL-3.0-or-later
"""What a running kernel outlives: each part of the platform between it and the person."""

from __future__ import annotations

from typing import Any

import pytest

from tests.functional.platform import Account, Kernel, Site

pytestmark = pytest.mark.platform

PREFIX = "/opt/wakari/wakari-{tier}"


@pytest.fixture(scope="module")
def person(site: Site) -> Account:
    return site.new_account("stays")


@pytest.fixture(scope="module")
def project(person: Account) -> dict[str, Any]:
    return person.project("longrun")


@pytest.fixture
def kernel(person: Account, project: dict[str, Any]) -> Kernel:
    kernel = Kernel(person, project["urls"]["apps"]["notebook"])
    kernel.run("x = 41")
    return kernel


def gateway_of(site: Site, project: dict[str, Any]) -> str:
    address = project["urls"]["apps"]["notebook"].split("//")[1].split(":")[0]
    return next(name for name, host in site.hosts.items() if host["address"] == address and "gateway" in host["group"])


def retried(command: str) -> str:
    return f"for i in $(seq 300); do {command} && exit 0; sleep .1; done; exit 1"


def kill(site: Site, host: str, tier: str, program: str) -> None:
    control = f"{PREFIX.format(tier=tier)}/bin/supervisorctl -c {PREFIX.format(tier=tier)}/etc/supervisord.conf"
    site.run(host, f"kill -9 $({control} pid {program})")
    site.run(
        host, f"for i in $(seq 100); do {control} status {program} | grep -q RUNNING && exit 0; sleep .1; done; exit 1"
    )


def test_the_launcher_killed(site: Site, project: dict[str, Any], kernel: Kernel) -> None:
    kill(site, project["nodes"][0], "compute", "wk-compute")
    assert kernel.run("x + 1") == "42"


def test_the_compute_service_restarted(site: Site, person: Account, project: dict[str, Any], kernel: Kernel) -> None:
    site.run(project["nodes"][0], "service wakari-compute restart")
    again = Kernel.attach(person, project["urls"]["apps"]["notebook"], kernel.id)
    assert again.run("x + 1") == "42"


def test_the_gateway_control_plane_killed(site: Site, project: dict[str, Any], kernel: Kernel) -> None:
    kill(site, gateway_of(site, project), "gateway", "wk-gateway")
    assert kernel.run("x + 1") == "42"


def test_the_gateway_restarted(site: Site, person: Account, project: dict[str, Any], kernel: Kernel) -> None:
    health = project["urls"]["apps"]["notebook"].split("/", 3)[:3]
    gateway = gateway_of(site, project)
    site.run(gateway, "service wakari-gateway restart")
    site.run(gateway, retried(f"curl -fsS -o /dev/null {'/'.join(health)}/_wakari/health"))
    again = Kernel.attach(person, project["urls"]["apps"]["notebook"], kernel.id)
    assert again.run("x + 1") == "42"


@pytest.mark.parametrize("how", ["launcher killed", "service restarted"])
def test_a_start_goes_on_where_the_launcher_ends_in_the_middle(
    site: Site, person: Account, project: dict[str, Any], how: str
) -> None:
    node = project["nodes"][0]
    name = how.split(maxsplit=1)[0]
    at = {"data_center": project["data_center"], "nodes": [node]}
    person.call("POST", "/projects", {"name": name, **at})
    task = person.call("POST", f"/projects/{person.name}/{name}/start")["id"]
    site.run(node, retried(f"test -d /projects/{person.name}/{name}/envs"))  # it is at its longest step, or behind it
    if how == "launcher killed":
        kill(site, node, "compute", "wk-compute")
    else:
        site.run(node, "service wakari-compute restart")
    person.wait(f"{person.name}/{name}", "running")
    ended = person.call("GET", f"/tasks/{task}")
    assert ended["state"] == "done"
    if how == "launcher killed":  # a restart lets it end what it has begun, where that is soon
        assert ended["attempts"] > 1, "the start was over before the launcher ended: this test saw nothing"
    opened = Kernel(person, person.call("GET", f"/projects/{person.name}/{name}")["urls"]["apps"]["notebook"])
    assert opened.run("6 * 7") == "42"


def test_the_server_stopped_for_a_while(site: Site, kernel: Kernel) -> None:
    site.run("server", "service wakari-server stop")
    try:
        assert kernel.run("import time; time.sleep(3); x + 1") == "42"
        assert kernel.run("x + 2") == "43"
    finally:
        site.run("server", "service wakari-server start")
        site.run(
            "server",
            "for i in $(seq 60); do curl -fsS http://127.0.0.1/_wakari/health && exit 0; sleep 1; done; exit 1",
        )
