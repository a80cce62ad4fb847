# SPDX-License-Identifier: GPL-3.0-or-later
"""The feed of changes: what it tells holds at once, what it does not tell is asked for, a lost feed loses nothing."""

from __future__ import annotations

import hashlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import websocket

from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.test_websockets import MOST, connect, echo

AT_ONCE = 0.6  # seconds, generous: less than a decision's second, which would hide a feed that does nothing


def wait_for(true: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def told(gateway: Gateway) -> Iterator[Gateway]:
    """Return the gateway while the feed is up."""
    before = gateway.state.asked_for_changes
    gateway.state.cut_feed(away=False)
    wait_for(lambda: gateway.state.asked_for_changes > before)
    yield gateway
    gateway.state.cut_feed(away=True)


def closed_after(connection: websocket.WebSocket, start: float) -> float:
    """Return the seconds from `start` until the other side closed it."""
    with pytest.raises((websocket.WebSocketConnectionClosedException, ConnectionError)):
        connection.recv()
    return time.monotonic() - start


def items(gateway: Gateway) -> list[dict[str, str]]:
    return [
        {"user": gateway.user},
        {"project": f"{gateway.user}/{gateway.project}"},
        {"sid": f"sid-{gateway.user}"},
        {"token": hashlib.sha256(f"wk_{gateway.user}".encode()).hexdigest()},
    ]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_what_is_told_holds_at_once_for_requests_and_open_sockets(told: Gateway, number: int) -> None:
    connection = connect(told)
    assert echo(connection, "x") == "x"
    assert told.get().status_code == 200
    told.grant("none")
    start = time.monotonic()
    told.state.revoke(**items(told)[number])
    assert closed_after(connection, start) < AT_ONCE
    assert told.get().status_code == 404
    assert time.monotonic() - start < AT_ONCE


def test_a_token_is_told_by_its_digest(told: Gateway) -> None:
    token = f"wk_{told.user}"
    place = f"{told.user}/{told.project}"
    told.state.levels[token, place] = "write"
    headers = {"Authorization": f"Bearer {token}"}
    connection = connect(told, header=headers, suppress_origin=True)
    told.state.levels[token, place] = "none"
    start = time.monotonic()
    told.state.revoke(**items(told)[3])
    assert closed_after(connection, start) < AT_ONCE
    assert told.get(headers=headers).status_code == 404


def test_what_concerns_others_closes_nothing_and_asks_nothing(told: Gateway) -> None:
    connection = connect(told)
    told.get()
    before = told.state.decisions
    for item in ({"user": "another"}, {"project": f"{told.user}/another"}, {"sid": "another"}, {"token": "0" * 64}):
        told.state.revoke(**item)
    time.sleep(0.3)
    assert echo(connection, "still here") == "still here"
    assert told.state.decisions == before
    connection.close()


def test_a_role_that_still_allows_the_app_keeps_the_socket(told: Gateway) -> None:
    connection = connect(told)
    told.grant("admin")
    before = told.state.decisions
    told.state.revoke(project=f"{told.user}/{told.project}")
    wait_for(lambda: told.state.decisions > before)  # decided anew
    time.sleep(0.2)
    assert echo(connection, "still here") == "still here"
    connection.close()


def test_while_changes_are_told_an_idle_socket_is_seldom_decided_anew(told: Gateway) -> None:
    connection = connect(told)
    before = told.state.decisions
    time.sleep(3)
    assert told.state.decisions - before <= 1
    connection.close()


def test_without_the_feed_it_is_closed_within_two_seconds(told: Gateway) -> None:
    connection = connect(told)
    told.state.cut_feed(away=True)
    time.sleep(1)  # the data plane is told that the feed is away
    start = time.monotonic()
    told.grant("none")
    assert closed_after(connection, start) < MOST


def test_a_feed_that_falls_silent_is_noticed_within_two_seconds(told: Gateway) -> None:
    connection = connect(told)
    told.state.feed_silent = True
    asked = told.state.asked_for_changes
    wait_for(lambda: told.state.asked_for_changes > asked)  # from an answer on it counts as alive
    start = time.monotonic()
    told.grant("none")
    assert closed_after(connection, start) < MOST


def test_what_was_told_holds_within_two_seconds_where_nothing_is_decided(told: Gateway) -> None:
    connection, other = connect(told), connect(told)
    told.state.slow.add(told.user)
    start = time.monotonic()
    told.state.revoke(project=f"{told.user}/{told.project}")
    assert closed_after(connection, start) < MOST
    assert closed_after(other, start) < MOST


def test_a_slow_server_ends_no_socket_about_which_nothing_was_told(told: Gateway) -> None:
    connection = connect(told)
    told.state.slow.add(told.user)
    told.state.cut_feed(away=True)  # each grant is asked for
    time.sleep(4)
    assert echo(connection, "still here") == "still here"
    connection.close()


def test_what_happened_while_the_feed_was_away_is_told_after(told: Gateway) -> None:
    position = len(told.state.revoked)
    told.state.cut_feed(away=True)
    time.sleep(1)
    told.state.revoke(user=told.user)
    assert told.get().status_code == 200
    before = told.state.decisions
    asked = told.state.asked_for_changes
    told.state.cut_feed(away=False)
    wait_for(lambda: told.state.asked_for_changes > asked)
    assert len(told.state.revoked) > position
    time.sleep(0.1)
    told.get()
    assert told.state.decisions > before


def _workers(gateway: Gateway) -> list[int]:
    pid = gateway.proxy.process.pid
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def test_a_killed_worker_leaves_a_feed(told: Gateway) -> None:
    before = _workers(told)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: len(_workers(told)) == len(before) and not set(before) & set(_workers(told)))
    asked = told.state.asked_for_changes
    told.state.revoke(user="another")
    wait_for(lambda: told.state.asked_for_changes > asked)
    connection = connect(told)
    told.grant("none")
    start = time.monotonic()
    told.state.revoke(user=told.user)
    assert closed_after(connection, start) < AT_ONCE


def test_after_a_reload_old_and_new_sockets_are_told(told: Gateway) -> None:
    old = connect(told)
    told.proxy.reload()
    time.sleep(1)
    new = connect(told)
    told.grant("none")
    start = time.monotonic()
    told.state.revoke(user=told.user)
    assert closed_after(old, start) < AT_ONCE
    assert closed_after(new, start) < AT_ONCE
