# SPDX-License-Identifier: GPL-3.0-or-later
"""What TLS asks of an inventory."""

from __future__ import annotations

import pytest

from plugins.module_utils._inventory import Inventory
from plugins.module_utils._inventory_tls import problems
from tests.unit.plugins.conftest import Change

CERTIFICATE = {"aen_tls_certificate": "/x.crt", "aen_tls_key": "/x.key"}


def test_without_tls_nothing_is_asked(good: Inventory) -> None:
    assert list(problems(good)) == []


@pytest.mark.parametrize(
    ("host", "values", "said"),
    [
        ("server1", {"aen_tls": "internal"}, "Begin aen_server_url in host server1, for the host server1, with https"),
        ("gateway1", {"aen_tls": "internal"}, "Begin aen_gateway_url in host gateway1"),
        ("server1", {"aen_tls": "internal", "aen_server_url": "https://x.example.org"}, ""),
        ("server1", {"aen_server_url": "https://x.example.org"}, ""),  # a proxy of the site's ends TLS
        ("server1", {"aen_tls": False}, ""),
        ("compute1", {"aen_tls": "files"}, ""),
        ("compute1", {"aen_tls": "files", "aen_tls_certificate": "/x.crt"}, "Set aen_tls_key for the host compute1"),
        ("compute1", {"aen_tls": "files", "aen_tls_key": "/x.key"}, "Set aen_tls_certificate for the host compute1"),
        (
            "gateway1",
            {"aen_tls": "files", "aen_gateway_url": "https://x.example.org:8089", "aen_tls_key": "/x.key"},
            "Set aen_tls_certificate for the host gateway1",
        ),
        ("gateway1", {"aen_tls": "files", "aen_gateway_url": "https://x.example.org:8089", **CERTIFICATE}, ""),
    ],
)
def test_addresses_and_files_fit(change: Change, host: str, values: dict[str, object], said: str) -> None:
    found = list(problems(change(host, None, **values)))
    assert len(found) == (1 if said else 0), found
    assert said in "".join(found)
