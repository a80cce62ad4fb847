# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of an inventory of test hosts, read by Ansible itself."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.up.steps import ROOT, StepError

TIERS = ("aen_server", "aen_gateway", "aen_compute")


@dataclass(frozen=True)
class Host:
    """A test host: its name, the last part of its address, and its tier."""

    name: str
    octet: int
    group: str


@dataclass(frozen=True)
class Inventory:
    """The hosts, sorted by tier and name."""

    hosts: tuple[Host, ...]

    def of(self, group: str) -> tuple[Host, ...]:
        """Return the hosts of a tier."""
        return tuple(host for host in self.hosts if host.group == group)


def read(path: Path) -> Inventory:
    """Return the inventory; raise StepError with Ansible's words where it cannot be read."""
    done = subprocess.run(
        ["ansible-inventory", "-i", str(path), "--list"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise StepError(f"{path} cannot be read: {done.stderr.strip()}")
    return parse(json.loads(done.stdout))


def parse(listing: dict[str, Any]) -> Inventory:
    """Return the inventory that `ansible-inventory --list` printed; raise StepError for a host without `host_octet`."""
    variables = listing["_meta"]["hostvars"]
    hosts = []
    for group in TIERS:
        for name in sorted(listing.get(group, {}).get("hosts", [])):
            octet = variables.get(name, {}).get("host_octet")
            if not isinstance(octet, int):
                raise StepError(f"{name} has no host_octet: give it one, e.g. host_octet: 11.")
            hosts.append(Host(name, octet, group))
    return Inventory(tuple(hosts))
