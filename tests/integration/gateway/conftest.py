# SPDX-License-Identifier: GPL-3.0-or-later
"""The data plane with what stands around it: a fresh project per test, one NGINX for all."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from tests.integration.gateway.control_plane import ControlPlane, State
from tests.integration.gateway.node import Node
from tests.integration.gateway.proxy import Proxy, make_prefix

_numbers = itertools.count(1)


@dataclass
class Gateway:
    """What a test talks to: the data plane, the node behind it, and what the control plane answers."""

    proxy: Proxy
    node: Node
    state: State
    user: str
    project: str

    @property
    def path(self) -> str:
        """Return the app's path, without the `/` at its end."""
        return f"/{self.user}/{self.project}/notebook"

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of a signed-in browser."""
        return {"Cookie": f"wk_gateway={self.state.cookie(self.user, sid=f'sid-{self.user}', jti=f'jti-{self.user}')}"}

    def grant(self, level: str) -> None:
        """Give the user this level."""
        self.state.levels[self.user, f"{self.user}/{self.project}"] = level

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """Return the answer for a path below the app's, signed in unless `headers` says otherwise."""
        options.setdefault("headers", self.headers)
        options.setdefault("allow_redirects", False)
        options.setdefault("timeout", 20)
        return requests.request(method, self.proxy.url + path, **options)  # noqa: S113 - set above

    def get(self, path: str = "/", **options: Any) -> requests.Response:
        """Return the answer to GET of a path below the app's."""
        return self.request("GET", self.path + path, **options)


@pytest.fixture(scope="session")
def parts() -> Iterator[tuple[Proxy, Node, State]]:
    prefix = make_prefix()
    node = Node()
    state = State(node_port=node.server_port)
    control = ControlPlane(prefix / "var" / "run" / "wk-gateway.sock", state)
    proxy = Proxy(prefix)
    state.external_url = proxy.url
    yield proxy, node, state
    errors = proxy.errors()
    proxy.close()
    control.close()
    node.close()
    # A master that starts while the killed one's workers still hold the port tries again; tests kill workers.
    expected = ("in use", "exited on signal 9")
    bad = [
        line
        for line in errors.splitlines()
        if ("[emerg]" in line or "[alert]" in line) and not any(one in line for one in expected)
    ]
    assert bad == []


@pytest.fixture
def gateway(parts: tuple[Proxy, Node, State]) -> Gateway:
    proxy, node, state = parts
    number = next(_numbers)
    node.seen.clear()
    node.received = 0
    node.go_on.clear()
    fresh = State(node_port=node.server_port)
    for name in (
        "levels",
        "ended",
        "project_state",
        "permission",
        "opening_until",
        "server_away",
        "undecided",
        "slow",
        "feed_silent",
        "draining",
    ):
        setattr(state, name, getattr(fresh, name))
    state.cut_feed(away=True)
    it = Gateway(proxy, node, state, f"user{number}", f"project{number}")
    it.grant("write")
    return it
