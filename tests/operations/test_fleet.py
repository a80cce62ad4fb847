# SPDX-License-Identifier: GPL-3.0-or-later
"""Fifty compute nodes behind two gateways: each is known as up, and each runs a project whose kernel answers."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.functional.platform import Account, Kernel, Site

pytestmark = pytest.mark.platform
TOGETHER = 4  # projects that start at once: two processors carry every host
START = 600  # seconds

# KiB that the host's processes have in memory; what they share is counted in parts (proc_pid_smaps(5)).
MEMORY = "cat /proc/[0-9]*/smaps_rollup 2> /dev/null | awk '/^Pss:/ {sum += $2} END {print sum}'"


def of_tier(site: Site, group: str) -> list[str]:
    return [name for name, host in site.hosts.items() if host["group"] == group]


def test_every_node_and_data_center_is_well(site: Site) -> None:
    admin = site.admin()
    nodes = admin.call("GET", "/nodes?limit=100")["items"]
    assert {node["name"]: node["state"] for node in nodes} == dict.fromkeys(of_tier(site, "aen_compute"), "up")
    centers = admin.call("GET", "/data-centers")["items"]
    assert {center["name"]: center["health"]["status"] for center in centers} == {"east": "ok", "west": "ok"}


def test_a_project_on_each_node_has_a_kernel_that_answers(
    site: Site, record_property: Callable[[str, object], None]
) -> None:
    person: Account = site.new_account("fleet")
    nodes = of_tier(site, "aen_compute")

    def start(node: str) -> tuple[str, float]:
        began = time.monotonic()
        person.call("POST", "/projects", {"name": node, "nodes": [node]})
        project = person.start(f"{person.name}/{node}", START)
        took = time.monotonic() - began
        kernel = Kernel(person, project["urls"]["apps"]["notebook"])
        said = kernel.run("import socket; print(socket.gethostname())")
        kernel.socket.close()
        return said, took

    with ThreadPoolExecutor(TOGETHER) as pool:
        answers = list(pool.map(start, nodes))
    assert [said for said, _ in answers] == nodes
    times = [took for _, took in answers]
    record_property("seconds to start, median and most", f"{statistics.median(times):.1f} {max(times):.1f}")


def test_what_the_hosts_take(site: Site, record_property: Callable[[str, object], None]) -> None:
    with ThreadPoolExecutor(TOGETHER) as pool:
        used = dict(zip(site.hosts, pool.map(lambda host: int(site.run(host, MEMORY)) >> 10, site.hosts), strict=True))
    for tier in ("aen_server", "aen_gateway", "aen_compute"):
        record_property(
            f"MiB of a host of {tier}, median", statistics.median(used[host] for host in of_tier(site, tier))
        )
    record_property("MiB of all hosts", sum(used.values()))
    # A light machine has 1 GiB; a project with one kernel runs on each node now.
    assert {host: size for host, size in used.items() if size > 1024} == {}
