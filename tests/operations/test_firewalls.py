# SPDX-License-Identifier: GPL-3.0-or-later
"""A host whose firewall is on lets in what its tiers need, and nothing else: ufw on the one, firewalld on the other."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.functional.platform import Site

pytestmark = pytest.mark.platform
FRONT, NODE = "sec-front", "sec-node"
OTHER = 9999  # a port that is nobody's


def lets_in(site: Site, host: str, port: int) -> bool:
    """Return whether this machine reaches the port."""
    try:
        socket.create_connection((site.hosts[host]["address"], port), timeout=5).close()
    except OSError:
        return False
    return True


@pytest.fixture(params=[FRONT, NODE])
def listens(request: pytest.FixtureRequest, site: Site) -> Iterator[str]:
    """Return a host on which a program listens on the other port."""
    host = str(request.param)
    site.run(host, f"systemd-run --collect --unit=listens python3 -m http.server {OTHER} --directory /srv")
    site.run(host, f"curl -s --retry 20 --retry-connrefused --retry-delay 1 http://127.0.0.1:{OTHER}/")
    yield host
    site.run(host, "systemctl stop listens")


@pytest.mark.parametrize("port", [22, 80, 443, 8089])
def test_the_ports_of_server_and_gateway_are_open_to_everybody(site: Site, port: int) -> None:
    assert lets_in(site, FRONT, port)


def test_a_node_lets_in_its_gateway_alone(site: Site) -> None:
    assert not lets_in(site, NODE, 5002)
    site.run(FRONT, f"curl -sk https://{site.hosts[NODE]['address']}:5002/")


def test_nothing_else_is_let_in(site: Site, listens: str) -> None:
    assert not lets_in(site, listens, OTHER)
    assert lets_in(site, listens, 22)
