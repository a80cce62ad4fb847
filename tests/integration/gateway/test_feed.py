# SPDX-License-Identifier: GPL-3.0-or-later
"""The control plane's end of the feed: what the data plane is told of changes at the real server."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from socket import AF_UNIX, socket
from typing import Any

import pytest

from tests.integration.gateway.site import Site
from tests.integration.gateway.site import site as run_site
from tests.mongod import Mongod
from wakari.store.base import digest


@pytest.fixture(scope="module")
def site(mongod: Mongod) -> Iterator[Site]:
    with run_site(mongod, "gateway-feed") as running:
        yield running


class _Unix(HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("gateway", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket(AF_UNIX)
        self.sock.connect(str(self._path))


def ask(site: Site, after: str | None, wait: float = 0.3, **headers: str) -> tuple[int, dict[str, Any]]:
    """Ask as the data plane does."""
    headers = headers or {"X-Wakari-Data-Plane": "1"}
    body = json.dumps({"after": after, "wait": wait})
    with closing(_Unix(site.proxy.prefix / "var/run/wk-gateway.sock")) as connection:
        connection.request("POST", "/internal/changes", body, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        content: dict[str, Any] = json.loads(answer.read())
    return answer.status, content


def test_what_changes_at_the_server_is_told_once(site: Site) -> None:
    project = site.new_project()
    _, begun = ask(site, None)
    assert (begun["revoke"], begun["reset"]) == ([], False)
    services = site.kit.services
    owner = services.store.users.get(project.owner)
    assert owner is not None
    secret, token = services.sign_in.issue_token(owner, "t", 600)
    services.sign_in.revoke_token(project.owner, token.id)
    services.store.projects.update(project.id, {"public": True})
    status, told = ask(site, begun["after"])
    expected = [{"token": digest(secret)}, {"project": f"{project.owner}/demo"}]
    # Written one after the other, so the first may be told alone.
    if len(told["revoke"]) == 1:
        told["revoke"] += (more := ask(site, told["after"])[1])["revoke"]
        told["after"] = more["after"]
    assert (status, told["revoke"]) == (200, expected)
    assert ask(site, told["after"])[1]["revoke"] == []


def test_a_change_ends_the_wait(site: Site) -> None:
    project = site.new_project()
    _, begun = ask(site, None)
    update = site.kit.services.store.projects.update
    threading.Timer(0.5, lambda: update(project.id, {"public": True})).start()
    start = time.monotonic()
    assert ask(site, begun["after"], 15)[1]["revoke"] == [{"project": f"{project.owner}/demo"}]
    assert time.monotonic() - start < 10


def test_a_lost_position_is_said(site: Site) -> None:
    _, told = ask(site, "nonsense")
    assert told["reset"] is True
    assert ask(site, told["after"])[1]["reset"] is False


def test_while_the_server_is_away_the_feed_says_so_and_then_tells_what_happened(site: Site) -> None:
    project = site.new_project()
    _, begun = ask(site, None)
    site.server.stop()
    try:
        status, told = ask(site, begun["after"])
        assert (status, told["error"]["code"]) == (503, "server_away")
        site.kit.services.store.projects.update(project.id, {"public": True})
    finally:
        site.server.start()
    assert ask(site, begun["after"], 5)[1]["revoke"] == [{"project": f"{project.owner}/demo"}]


def test_no_client_reads_the_feed(site: Site) -> None:
    assert ask(site, None, X_Nothing="1")[0] == 404
