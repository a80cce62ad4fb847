# SPDX-License-Identifier: GPL-3.0-or-later
"""Fifty WebSockets of ten people through the gateway, and what one person and one newcomer see meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests
import websocket

from tests.integration.gateway.site import Site

PEOPLE, EACH = 10, 5
NEWCOMERS = 300
LONGEST = 10.0  # seconds an answer may take while a part is away: wk-gateway gives the server up after 5


@dataclass
class Crowd:
    """People inside, each with open WebSockets."""

    site: Site
    apps: list[tuple[str, dict[str, str]]]  # address of the app and headers of its owner
    sockets: list[websocket.WebSocket]
    newcomers: list[dict[str, str]]  # a token for each question: whoever was decided about once is known

    def open(self) -> None:
        """Open all WebSockets anew."""
        self.close()
        for address, headers in self.apps:
            for _ in range(EACH):
                target = address.replace("http", "ws", 1) + "api/kernels/1/channels"
                self.sockets.append(
                    websocket.create_connection(target, header=headers, suppress_origin=True, timeout=LONGEST)
                )

    def alive(self) -> int:
        """Return how many still echo."""
        good = 0
        for number, sock in enumerate(self.sockets):
            try:
                sock.send(str(number))
                good += sock.recv() == str(number)
            except (websocket.WebSocketException, OSError):
                continue
        return good

    def ask(self, number: int = 0) -> tuple[int, str, float]:
        """Return status, error code and seconds of a request of somebody inside."""
        address, headers = self.apps[number]
        return answer_to(address, headers)

    def newcomer(self) -> tuple[int, str, float]:
        """Return the same for somebody about whom nothing was decided yet."""
        return answer_to(self.apps[0][0], self.newcomers.pop())

    def close(self) -> None:
        while self.sockets:
            self.sockets.pop().close()


def answer_to(address: str, headers: dict[str, str]) -> tuple[int, str, float]:
    """Return status, error code (empty where there is none) and seconds of a request; it may take LONGEST."""
    began = time.monotonic()
    answer = requests.get(address, headers=headers, timeout=LONGEST)
    code = answer.json()["error"]["code"] if answer.status_code >= 400 else ""
    return answer.status_code, code, time.monotonic() - began


def soon(good: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until it is so; AssertionError after so many seconds."""
    deadline = time.monotonic() + seconds
    while not good():
        assert time.monotonic() < deadline
        time.sleep(0.2)


@contextmanager
def crowd(site: Site) -> Iterator[Crowd]:
    """Let ten people with a running project each come in."""
    site.kit.user("newcomer")
    newcomers = [site.bearer("newcomer") for _ in range(NEWCOMERS)]
    projects = [site.new_project() for _ in range(PEOPLE)]
    made = Crowd(site, [(site.app_url(one), site.bearer(one.owner)) for one in projects], [], newcomers)
    for number in range(PEOPLE):
        assert made.ask(number)[0] == 200
    made.open()
    assert made.alive() == PEOPLE * EACH
    try:
        yield made
    finally:
        made.close()
