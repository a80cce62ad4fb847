# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the real ansible-playbook with an inventory, and what they tried to reach."""

from __future__ import annotations

import os
import subprocess
import sys
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
# Addresses of RFC 5737, at which nothing answers: even a run that went on would touch no machine.
GOOD: dict[str, Any] = {
    "all": {
        "vars": {
            "aen_environment": "development",
            "aen_mongodb_provider": "pip_dev",
            "aen_conda_method": "existing",
        },
        "children": {
            "aen_server": {"hosts": {"server1": {"ansible_host": "192.0.2.1", "aen_server_url": "http://192.0.2.1"}}},
            "aen_gateway": {
                "vars": {"aen_gateway_url": "http://{{ ansible_host }}:8089"},
                "hosts": {
                    "gateway1": {"ansible_host": "192.0.2.2", "aen_gateway_data_center": "east"},
                    "gateway2": {"ansible_host": "192.0.2.3", "aen_gateway_data_center": "west"},
                },
            },
            "aen_compute": {
                "children": {
                    "east": {
                        "vars": {"aen_compute_gateway": "gateway1"},
                        "hosts": {"compute1": {"ansible_host": "192.0.2.4"}},
                    },
                    "west": {
                        "vars": {"aen_compute_gateway": "gateway2"},
                        "hosts": {"compute2": {"ansible_host": "192.0.2.5"}},
                    },
                }
            },
        },
    }
}


def good() -> dict[str, Any]:
    """Return a copy of an inventory that passes, to be spoilt."""
    return deepcopy(GOOD)


@dataclass(frozen=True)
class Run:
    """How a run ended: exit status, all output, and the command lines with which it called ssh."""

    status: int
    output: str
    connections: tuple[str, ...]


def play(folder: Path, playbook: str, inventory: Path | dict[str, Any], *arguments: str) -> Run:
    """Run a playbook; `inventory` is a path, or what is written to a file in `folder` first.

    Every host is reached by a program in place of ssh that notes its arguments and fails as an unreachable host does.
    """
    if isinstance(inventory, dict):
        path = folder / "inventory.yml"
        path.write_text(yaml.safe_dump(inventory), encoding="utf-8")
        inventory = path
    calls, ssh = folder / "ssh-calls", folder / "ssh"
    ssh.write_text(f'#!/bin/sh\necho "$@" >>{calls}\nexit 255\n', encoding="utf-8")
    ssh.chmod(0o755)
    wheelhouse = folder / "wheelhouse"
    wheelhouse.mkdir(exist_ok=True)
    for name in ("server-cp311", "gateway-cp311", "compute-cp311", "mongodb-dev"):
        (wheelhouse / f"{name}.tar").touch()
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("ansible-playbook"), playbook, "-i", inventory),
            *("-e", f"aen_common_wheelhouse={wheelhouse}", *arguments),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_SSH_EXECUTABLE": str(ssh),
            "ANSIBLE_SSH_RETRIES": "0",
            "ANSIBLE_HOME": str(folder / "ansible"),
            "ANSIBLE_NOCOLOR": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    made = tuple(calls.read_text(encoding="utf-8").splitlines()) if calls.exists() else ()
    return Run(done.returncode, done.stdout, made)
