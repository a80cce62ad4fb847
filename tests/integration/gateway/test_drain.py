# SPDX-License-Identifier: GPL-3.0-or-later
"""A gateway that is taken out of service: who has an app open goes on, nobody opens another."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.test_decisions import PERSON
from tests.integration.gateway.test_websockets import connect, echo

SETTINGS = 6  # seconds until a worker has read the settings again


@pytest.fixture
def draining(gateway: Gateway) -> Iterator[Gateway]:
    """Return the gateway, draining, with an app that was opened before."""
    assert gateway.get().status_code == 200
    gateway.state.draining = True
    time.sleep(SETTINGS)
    for _ in range(20):  # a request in each worker: the first after the time is over reads them
        gateway.get(headers={**gateway.headers, "Connection": "close"})
    yield gateway
    gateway.state.draining = False
    time.sleep(SETTINGS)
    for _ in range(20):
        gateway.get(headers={**gateway.headers, "Connection": "close"})


def test_what_is_open_goes_on_and_nothing_else_is_opened(draining: Gateway) -> None:
    connection = connect(draining)
    assert echo(connection, "kernel") == "kernel"
    opens = draining.state.opens
    other = f"/{draining.user}/{draining.project}/terminal/"
    answer = draining.request("GET", other)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "draining")
    page = draining.request("GET", other, headers={**draining.headers, **PERSON})
    assert (page.status_code, page.text) == (503, "<html>page about draining</html>")
    assert draining.state.opens == opens
    assert draining.get().status_code == 200
    assert echo(connection, "still here") == "still here"
    connection.close()
