# SPDX-License-Identifier: GPL-3.0-or-later
"""Inventories as the checks see them, and small ways to spoil one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from plugins.module_utils._inventory import Assignment, Host, Inventory

SERVER = Host(
    "server1",
    ("aen_server", "all"),
    {
        "ansible_host": "192.0.2.1",
        "aen_server_url": "http://aen.example.org",
        "aen_environment": "production",
        "aen_service_account": "wakari",
        "aen_mongodb_provider": "official",
        "aen_mongodb_repository_url": "https://packages.example.org/mongodb",
        "aen_mongodb_repository_key": "mongodb.asc",
    },
)


def gateway(number: int) -> Host:
    return Host(
        f"gateway{number}",
        ("aen_gateway", "all"),
        {
            "ansible_host": f"192.0.2.{10 + number}",
            "aen_gateway_data_center": f"dc{number}",
            "aen_gateway_url": f"http://gateway{number}.example.org:8089",
            "aen_environment": "production",
            "aen_service_account": "wakari",
        },
    )


def node(number: int) -> Host:
    return Host(
        f"compute{number}",
        ("east", "aen_compute", "all"),
        {
            "ansible_host": f"192.0.2.{20 + number}",
            "aen_compute_gateway": "gateway1",
            "aen_compute_name": f"compute{number}",
            "aen_compute_url": f"http://192.0.2.{20 + number}:5002",
            "aen_conda_method": "existing",
            "aen_environment": "production",
            "aen_service_account": "wakari",
        },
    )


GOOD = Inventory(
    hosts=(SERVER, gateway(1), gateway(2), node(1), node(2)),
    groups={
        "aen_server": frozenset({"all"}),
        "aen_gateway": frozenset({"all"}),
        "aen_compute": frozenset({"all"}),
        "east": frozenset({"aen_compute", "all"}),
        "west": frozenset({"aen_compute", "all"}),
        "all": frozenset(),
    },
    assignments=(Assignment("group east", "aen_compute_gateway"), Assignment("group all", "aen_environment")),
)

Change = Callable[..., Inventory]


@pytest.fixture
def good() -> Inventory:
    return GOOD


@pytest.fixture
def change() -> Change:
    """Return the good inventory with other values (None takes one away) or fields on one host."""

    def changed(name: str, fields: dict[str, Any] | None = None, **values: object) -> Inventory:
        def of(host: Host) -> Host:
            mixed = {key: value for key, value in {**host.values, **values}.items() if value is not None}
            return replace(host, values=mixed, **(fields or {}))

        return replace(GOOD, hosts=tuple(of(host) if host.name == name else host for host in GOOD.hosts))

    return changed
