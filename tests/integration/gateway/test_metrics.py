# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures for Prometheus, as a scraper reads them, and the log's rotation."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import requests
import websocket

from tests.integration.gateway.control_plane import ControlPlane, State
from tests.integration.gateway.node import Node
from tests.integration.gateway.proxy import Proxy, free_port, make_prefix

LINE = re.compile(r'([a-z_]+)(\{[a-z]+="[^"]*"\})? (-?[0-9.e+]+)')


@dataclass
class Measured:
    """A gateway whose figures are asked for."""

    proxy: Proxy
    state: State
    port: int

    @property
    def headers(self) -> dict[str, str]:
        return {"Cookie": f"wk_gateway={self.state.cookie('alice')}"}

    def figures(self) -> dict[str, float]:
        answer = requests.get(f"http://127.0.0.1:{self.port}/metrics", timeout=10)
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        found = {}
        for line in answer.text.splitlines():
            if not line.startswith("#"):
                match = LINE.fullmatch(line)
                assert match, line
                found[match[1] + (match[2] or "")] = float(match[3])
        return found

    def until(self, good: Callable[[dict[str, float]], bool]) -> dict[str, float]:
        deadline = time.monotonic() + 15
        while not good(figures := self.figures()):
            assert time.monotonic() < deadline, figures
            time.sleep(0.2)
        return figures


@pytest.fixture(scope="module")
def measured() -> Iterator[Measured]:
    prefix, port = make_prefix(), free_port()
    node = Node()
    state = State(node_port=node.server_port)
    control = ControlPlane(prefix / "var/run/wk-gateway.sock", state)
    proxy = Proxy(prefix, aen_gateway_metrics_listen=f"127.0.0.1:{port}")
    state.external_url = proxy.url
    state.levels["alice", "alice/secretname"] = "write"
    yield Measured(proxy, state, port)
    proxy.close()
    control.close()
    node.close()


def test_requests_and_refusals_are_counted_once_in_all_workers(measured: Measured) -> None:
    before = measured.figures()
    for _ in range(20):
        assert requests.get(measured.proxy.url + "/alice/secretname/notebook/", headers=measured.headers, timeout=10).ok
    for _ in range(7):
        assert requests.get(measured.proxy.url + "/alice/secretname/notebook/", timeout=10).status_code == 401
    assert requests.get(measured.proxy.url + "/_wakari/health", timeout=10).ok

    def grown(name: str, figures: dict[str, float]) -> float:
        return figures.get(name, 0) - before.get(name, 0)

    after = measured.until(lambda now: grown("wakari_gateway_request_seconds_count", now) >= 28)
    assert grown('wakari_gateway_requests_total{class="2xx"}', after) == 21
    assert grown('wakari_gateway_requests_total{class="4xx"}', after) == 7
    assert grown('wakari_gateway_refusals_total{reason="not_signed_in"}', after) == 7
    assert grown("wakari_gateway_request_seconds_count", after) == 28
    assert grown('wakari_gateway_request_seconds_bucket{le="+Inf"}', after) == 28
    assert grown("wakari_gateway_sent_bytes_total", after) > 1000
    assert after.get("wakari_gateway_failures_total", 0) == 0
    assert after['wakari_gateway_part_up{part="server"}'] == 1


def test_open_websockets_are_counted_while_they_are_open(measured: Measured) -> None:
    sockets = [
        websocket.create_connection(
            measured.proxy.url.replace("http", "ws") + "/alice/secretname/notebook/ws",
            header=measured.headers,
            origin=measured.proxy.url,
            timeout=10,
        )
        for _ in range(5)
    ]
    measured.until(lambda now: now["wakari_gateway_open_websockets"] == 5)
    for socket in sockets:
        socket.close()
    figures = measured.until(lambda now: now["wakari_gateway_open_websockets"] == 0)
    assert figures["wakari_gateway_upgrades_total"] == 5


def test_routes_are_counted_until_they_are_forgotten(measured: Measured) -> None:
    before = measured.figures()["wakari_gateway_routes"]
    for project in ("one", "two", "three"):
        measured.state.levels["alice", f"alice/{project}"] = "write"
        for _ in range(2):
            assert requests.get(
                f"{measured.proxy.url}/alice/{project}/notebook/", headers=measured.headers, timeout=10
            ).ok
    assert measured.figures()["wakari_gateway_routes"] == before + 3
    requests.get(measured.proxy.url + "/alice/two/notebook/gone", headers=measured.headers, timeout=10)
    assert measured.figures()["wakari_gateway_routes"] == before + 2


def test_the_figures_name_nobody_and_are_not_on_the_public_port(measured: Measured) -> None:
    requests.get(measured.proxy.url + "/alice/secretname/notebook/", headers=measured.headers, timeout=10)
    text = requests.get(f"http://127.0.0.1:{measured.port}/metrics", timeout=10).text
    assert "alice" not in text
    assert "secretname" not in text
    assert requests.get(measured.proxy.url + "/metrics", timeout=10).status_code == 404
    assert requests.get(f"http://127.0.0.1:{measured.port}/alice/p/notebook/", timeout=10).status_code == 404


def test_the_log_is_opened_anew_and_holds_no_secret(measured: Measured) -> None:
    log = measured.proxy.prefix / "var/log/wakari/gateway.log"
    token = "wk_" + "s" * 43
    requests.get(measured.proxy.url + "/a/b/notebook/?token=" + token, headers=measured.headers, timeout=10)
    requests.get(measured.proxy.url + "/a/b/notebook/", headers={"Authorization": f"Bearer {token}"}, timeout=10)
    time.sleep(0.3)
    old = log.rename(log.with_suffix(".log.1"))
    os.kill(measured.proxy.process.pid, 10)  # USR1, as logrotate's script sends it
    deadline = time.monotonic() + 10
    while not log.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    requests.get(measured.proxy.url + "/after/the/rotation/", headers=measured.headers, timeout=10)
    deadline = time.monotonic() + 10
    while "/after/the/rotation/" not in log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    text = old.read_text() + log.read_text()
    assert "/a/b/notebook/" in text
    assert token not in text
    assert measured.headers["Cookie"][11:40] not in text
