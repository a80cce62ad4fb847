# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tests.operations.fleet NODES FILE`: write an inventory of one server, two gateways and that many nodes.

Writes to standard output what `tools.hosts up` takes: the name and the last part of the address of each host.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import yaml

SERVER, GATEWAYS, FIRST_NODE = 70, {"fleet-east": 71, "fleet-west": 72}, 73
LARGEST = 50  # of the specification's worked example; 53 addresses from SERVER on are nobody else's


def inventory(nodes: int) -> dict[str, Any]:
    """Return the inventory: the first half of the nodes behind the one gateway, the others behind the other."""
    server_url = f"http://198.51.100.{SERVER}"
    east, west = GATEWAYS
    compute = {
        f"fleet-node{number + 1:02}": {
            "host_octet": FIRST_NODE + number,
            "aen_compute_gateway": east if number < (nodes + 1) // 2 else west,
        }
        for number in range(nodes)
    }
    gateways = {
        name: {"host_octet": octet, "aen_gateway_data_center": name.removeprefix("fleet-")}
        for name, octet in GATEWAYS.items()
    }
    tiers = {"aen_server": {"fleet-server": {"host_octet": SERVER}}, "aen_gateway": gateways, "aen_compute": compute}
    for hosts in tiers.values():
        for variables in hosts.values():
            variables["aen_server_url"] = server_url
    return {"aen_hosts": {"children": {tier: {"hosts": hosts} for tier, hosts in tiers.items()}}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("nodes", type=int, choices=range(2, LARGEST + 1), metavar=f"2..{LARGEST}")
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    made = inventory(options.nodes)
    options.file.write_text(yaml.safe_dump(made, sort_keys=False))
    for tier in made["aen_hosts"]["children"].values():
        for name, variables in tier["hosts"].items():
            sys.stdout.write(f"{name}={variables['host_octet']}\n")


if __name__ == "__main__":
    main()
