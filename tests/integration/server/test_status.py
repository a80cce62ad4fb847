# SPDX-License-Identifier: GPL-3.0-or-later
"""A project's nodes asked now, through a gateway's end of the protocol: what they say, what they cannot say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.gatewaystand import GatewayStand, Lines
from tests.serverkit import Kit
from wakari.store.records import User

TOLD = {
    "folder": True,
    "environment": False,
    "environments": ["old"],
    "team": {"bob": "viewer"},
    "apps": [{"user": "alice", "app": "lab", "since": 1795600000.0}],
    "disk": {"bytes": 5 << 20, "shared_bytes": 0, "files": 12, "complete": True},
}


@pytest.fixture
def stand() -> Iterator[GatewayStand]:
    made = GatewayStand()
    yield made
    made.close()


@pytest.fixture
def owner(kit: Kit, stand: GatewayStand) -> User:
    """The owner of a project whose gateway is the stand."""
    place, stand.secret = kit.services.sites.register("here", stand.url, "", actor="test")
    stand.client_id = place.client_id
    kit.services.sites.add_node("n1", place.id, "http://n1.test:5002", "", actor="test")
    alice = kit.user("alice")
    kit.project(alice)
    return alice


def says(told: dict[str, Any]) -> Any:
    def lines(_: dict[str, Any]) -> Lines:
        yield told

    return lines


def test_what_the_node_says_is_shown(kit: Kit, owner: User, stand: GatewayStand) -> None:
    stand.answer = says({"result": TOLD})
    node = kit.api(owner).get("/projects/alice/demo/status").json["nodes"][0]
    assert (node["node"], node["environments"], node["disk"]["files"]) == ("n1", ["old"], 12)
    assert [(job["verb"], job["node"], job["requested_by"]) for job in stand.jobs] == [
        ("status-project", "n1", "alice")
    ]
    page = kit.browser(owner).get("/alice/demo/nodes").text
    assert "not here yet" in page
    assert "5.0 MiB" in page


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"error": {"code": "busy", "message": "It is busy.", "hint": ""}}, "It is busy."),
        ({"result": {"folder": "perhaps"}}, "The node answered in a form this server does not know."),
        ({"step": "ready", "message": "x", "fraction": 1.0}, "The node n1 broke off."),
    ],
)
def test_a_node_that_cannot_say_is_no_failure_of_the_page(
    kit: Kit, owner: User, stand: GatewayStand, line: dict[str, Any], why: str
) -> None:
    stand.answer = says(line)
    assert kit.api(owner).get("/projects/alice/demo/status").json["nodes"][0]["error"] == why
    assert why in kit.browser(owner).get("/alice/demo/nodes").text


def test_a_gateway_that_is_away_is_said(kit: Kit, owner: User, stand: GatewayStand) -> None:
    stand.close()
    assert "cannot be reached" in kit.api(owner).get("/projects/alice/demo/status").json["nodes"][0]["error"]


def test_viewers_do_not_ask_nodes(kit: Kit, owner: User, stand: GatewayStand) -> None:
    bob = kit.user("bob")
    project = kit.services.store.projects.get("alice", "demo")
    assert project
    kit.services.team.put(kit.caller(owner), project, "bob", "viewer")
    assert kit.api(bob).get("/projects/alice/demo/status").status_code == 403
    assert kit.browser(bob).get("/alice/demo/nodes").status_code == 403
    assert stand.jobs == []
