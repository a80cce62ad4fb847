# SPDX-License-Identifier: GPL-3.0-or-later
"""A node's reports through the real gateway (both programs) to the real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.integration.gateway.site import Site, site
from tests.integration.server.test_reports import app, report
from tests.mongod import Mongod
from wakari.core import tokens


@pytest.fixture(scope="module")
def whole(mongod: Mongod) -> Iterator[Site]:
    with site(mongod, "reports") as made:
        yield made


def send(whole: Site, body: Any, path: str = "reports", **changed: str) -> requests.Response:
    names = {"key": whole.node.key, "issuer": "node:compute1", "audience": whole.node.gateway} | changed
    headers = {"Authorization": f"Bearer {tokens.sign_request(names['key'], names['issuer'], names['audience'])}"}
    return requests.post(f"{whole.proxy.url}/_wakari/v1/{path}", json=body, headers=headers, timeout=20)


def test_a_report_of_the_node_arrives(whole: Site) -> None:
    project = whole.new_project()
    told = report("compute1", apps=[app(project.owner, owner=project.owner)])
    answer = send(whole, told)
    assert (answer.status_code, answer.json()) == (200, {"check_permissions": []})
    node = whole.kit.services.store.nodes.get("compute1")
    assert node
    assert node.heartbeat
    assert node.heartbeat.apps == 1
    assert len(whole.kit.services.store.uses.of_project(project.id)[0].apps) == 1


def test_an_act_of_a_person_on_the_node_arrives(whole: Site) -> None:
    project = whole.new_project()
    act = {"node": "compute1", "person": project.owner, "owner": project.owner, "project": "demo", "environment": "e2"}
    assert send(whole, act, "acts").status_code == 200
    changed = whole.kit.services.store.projects.by_id(project.id)
    assert changed
    assert changed.environment == "e2"


def test_the_servers_refusal_reaches_the_node_in_its_words(whole: Site) -> None:
    project = whole.new_project()
    stranger = whole.new_project().owner
    act = {"node": "compute1", "person": stranger, "owner": project.owner, "project": "demo", "environment": "e2"}
    answer = send(whole, act, "acts")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "project_not_found")


def test_a_node_speaks_of_itself_alone(whole: Site) -> None:
    answer = send(whole, report("compute2"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "node_wrong")


@pytest.mark.parametrize(
    "changed",
    [
        {"key": tokens.new_key()},
        {"issuer": "node:compute2"},
        {"issuer": "server"},
        {"issuer": "gateway:x"},
        {"audience": "server"},
        {"audience": "node:compute1"},
    ],
)
@pytest.mark.parametrize("path", ["reports", "acts"])
def test_only_a_known_node_with_its_own_key_is_heard(whole: Site, changed: dict[str, str], path: str) -> None:
    assert send(whole, report("compute1"), path, **changed).status_code == 401


def test_a_node_may_not_ask_for_what_the_server_may(whole: Site) -> None:
    body = {"verb": "stop-project", "node": "compute1", "requested_by": "alice"}
    assert send(whole, body, "jobs").status_code == 401


def test_a_report_that_is_too_large_ends_at_the_gateway(whole: Site) -> None:
    assert send(whole, json.dumps("x" * (1 << 20))).status_code == 413
