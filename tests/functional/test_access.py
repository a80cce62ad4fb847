# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets through the gateway, and for how long: on the real path browser -> gateway -> node -> app."""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests
import websocket

from tests.functional.platform import Account, Kernel, Site

pytestmark = pytest.mark.platform

PROMISE = 2.0  # seconds from a change of membership to its effect (docs/architecture.md, "One access model")
MARGIN = 1.0  # for a loaded test machine


@pytest.fixture(scope="module")
def owner(site: Site) -> Account:
    return site.new_account("owner")


@pytest.fixture(scope="module")
def project(owner: Account) -> dict[str, Any]:
    return owner.project("guarded")


def test_strangers_get_nothing(project: dict[str, Any], bob: Account) -> None:
    notebook = project["urls"]["apps"]["notebook"]
    assert bob.session.get(notebook + "api/status", timeout=30).status_code in {403, 404}
    assert bob.session.get(f"{bob.api}/projects/{project['owner']}/guarded", timeout=30).status_code == 404
    assert requests.get(notebook + "api/status", timeout=30).status_code == 401
    with pytest.raises(websocket.WebSocketBadStatusException):
        websocket.create_connection(
            notebook.replace("http", "ws", 1) + "api/kernels/x/channels", header={"Authorization": bob.authorization}
        )


def test_a_neighbour_whose_name_begins_the_same_is_another_project(site: Site) -> None:
    person = site.new_account("near")
    first = person.project("p1")
    second = person.project("p10")
    for project in (first, second):
        kernel = Kernel(person, project["urls"]["apps"]["notebook"])
        assert kernel.run("import os; print(os.getcwd())") == f"/projects/{person.name}/{project['name']}"


def test_an_identity_a_client_claims_is_not_believed(project: dict[str, Any], bob: Account, owner: Account) -> None:
    notebook = project["urls"]["apps"]["notebook"]
    claims = {"X-Wakari-User": owner.name, "X-Wakari-Level": "admin", "X-Forwarded-User": owner.name}
    assert bob.session.get(notebook + "api/status", headers=claims, timeout=30).status_code in {403, 404}
    said = owner.session.get(notebook + "api/me", headers={"X-Wakari-User": bob.name}, timeout=30).json()
    assert said["identity"]["username"] == owner.name


def test_a_removed_member_is_out_within_two_seconds_open_sockets_included(
    project: dict[str, Any], owner: Account, bob: Account
) -> None:
    notebook = project["urls"]["apps"]["notebook"]
    member = f"/projects/{owner.name}/guarded/members/{bob.name}"
    owner.call("PUT", member, {"role": "member"})
    _wait(lambda: _node_knows(bob, notebook))
    kernel = Kernel(bob, notebook)
    assert kernel.run("6*7") == "42"

    owner.call("DELETE", member)
    removed = time.monotonic()
    assert kernel.wait_closed(PROMISE + MARGIN + 5) < PROMISE + MARGIN
    time.sleep(max(0.0, removed + PROMISE - time.monotonic()))
    assert bob.session.get(notebook + "api/status", timeout=30).status_code in {403, 404}


def test_the_node_refuses_everybody_but_its_gateway(site: Site, project: dict[str, Any], owner: Account) -> None:
    node = f"http://{site.hosts[project['nodes'][0]]['address']}:5002"
    for path in ("/_wakari/v1/apps", f"/{owner.name}/guarded/notebook/api/status"):
        assert requests.get(node + path, timeout=10).status_code in {401, 403}
        assert owner.session.get(node + path, timeout=10).status_code in {401, 403}


def _node_knows(person: Account, notebook: str) -> bool:
    return person.session.get(notebook + "api/status", timeout=90).ok


def _wait(holds: Any, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.2)
