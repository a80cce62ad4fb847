# SPDX-License-Identifier: GPL-3.0-or-later
"""`.aen/local.json`: what a program needs to know to use the platform that runs on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, TypedDict

from tools.up.inventory import Inventory
from tools.up.steps import ROOT, StepError

FILE = Path(".aen") / "local.json"
ADMIN = "wakari"
PASSWORD_FILE = "/opt/wakari/wakari-server/etc/wakari/initial-admin-password"  # noqa: S105 - where it is, not what
GATEWAY_PORT = 8089


class Description(TypedDict):
    """The content of the file; addresses answer from this machine."""

    server_url: str
    gateway_urls: dict[str, str]
    admin_user: str
    admin_password: str
    hosts: dict[str, dict[str, str]]
    ssh_key: str


def write(path: Path, inventory: Inventory) -> Description:
    """Write the file (0600) and return its content; raise StepError where a host is not up or not installed."""
    lab = json.loads(_output("status", "--json"))
    server = inventory.of("aen_server")[0].name
    described = describe(inventory, lab, _output("ssh", server, "sudo", "cat", PASSWORD_FILE).strip())
    path.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o600)
        json.dump(described, file, indent=2)
        file.write("\n")
    return described


def describe(inventory: Inventory, lab: dict[str, Any], password: str) -> Description:
    """Return what to say of a lab (as `tools.hosts status --json` gives it); StepError where a host does not run."""
    addresses = {host["name"]: host["address"] for host in lab["hosts"] if host["state"] == "running"}
    missing = [host.name for host in inventory.hosts if host.name not in addresses]
    if missing:
        raise StepError(f"Not running: {', '.join(missing)}. `make up` boots the hosts.")
    return {
        "server_url": f"http://{addresses[inventory.of('aen_server')[0].name]}",
        "gateway_urls": {
            host.name: f"http://{addresses[host.name]}:{GATEWAY_PORT}" for host in inventory.of("aen_gateway")
        },
        "admin_user": ADMIN,
        "admin_password": password,
        "hosts": {host.name: {"group": host.group, "address": addresses[host.name]} for host in inventory.hosts},
        "ssh_key": lab["ssh_key"],
    }


def _output(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "tools.hosts", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise StepError(f"tools.hosts {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout
