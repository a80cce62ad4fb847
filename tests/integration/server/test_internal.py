# SPDX-License-Identifier: GPL-3.0-or-later
"""What gateways are told, and that nobody else is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.serverkit import GatewaySite, Kit
from wakari.core import tokens
from wakari.store import Store


def test_a_decision_follows_the_team_at_once(kit: Kit, gateway_site: GatewaySite) -> None:
    alice, bob = kit.user("alice"), kit.user("bob")
    project = kit.project(alice)
    token = kit.token(bob)

    def told() -> str:
        answer = gateway_site.decide("alice", "demo", token=token)
        assert answer.status_code == 200
        level: str = answer.json["level"]
        return level

    assert told() == "none"
    project = kit.services.team.put(kit.caller(alice), project, "bob", "viewer")
    assert told() == "read"
    project = kit.services.team.put(kit.caller(alice), project, "bob", "member")
    assert told() == "write"
    kit.services.team.remove(kit.caller(alice), project, "bob")
    assert told() == "none"


def test_of_what_one_may_not_see_nothing_is_told(kit: Kit, gateway_site: GatewaySite) -> None:
    kit.place("west")
    alice = kit.user("alice")
    kit.project(alice, "here", data_center="east")
    kit.project(alice, "elsewhere", data_center="west")
    bob = kit.token(kit.user("bob"))
    hidden = {"level": "none", "state": None, "reason": None, "project": None, "nodes": []}
    for name, token in (("here", bob), ("nothing", bob), ("elsewhere", kit.token(alice))):
        answer = gateway_site.decide("alice", name, token=token).json
        assert answer.items() >= hidden.items()


def test_a_superuser_has_no_level_on_other_peoples_files(kit: Kit, gateway_site: GatewaySite) -> None:
    kit.project(kit.user("alice"))
    root = kit.token(kit.user("wakari", "superuser"))
    assert gateway_site.decide("alice", "demo", token=root).json["level"] == "none"


def test_a_visitor_without_a_credential_has_no_level(kit: Kit, gateway_site: GatewaySite) -> None:
    kit.project(kit.user("alice"), public=True)
    answer = gateway_site.decide("alice", "demo", anonymous=True).json
    assert (answer["user"], answer["level"]) == (None, "none")
    assert gateway_site.decide("alice", "demo", token=kit.token(kit.user("bob"))).json["level"] == "read"


def test_where_the_site_lets_them_visitors_read_what_is_public(kit: Kit, gateway_site: GatewaySite) -> None:
    alice = kit.user("alice")
    kit.project(alice, public=True)
    kit.project(alice, "private")
    kit.services.site.change({"anonymous_reading": True}, actor="wakari")
    answer = gateway_site.decide("alice", "demo", anonymous=True).json
    assert (answer["user"], answer["level"], answer["project"]["public"]) == (None, "read", True)
    assert gateway_site.decide("alice", "private", anonymous=True).json["level"] == "none"
    assert gateway_site.call("GET", "/data-center").json["anonymous_reading"] is True
    assert kit.api().get("/projects/alice/demo").status_code == 401  # that is for gateways, not for the API


def test_a_dead_credential_is_401(kit: Kit, gateway_site: GatewaySite, store: Store) -> None:
    alice = kit.user("alice")
    kit.project(alice)
    found = kit.authorize("alice", gateway_site.data_center.id)
    assert gateway_site.decide("alice", "demo", sid=found.id, user="alice").json["level"] == "admin"
    wrong_person = gateway_site.decide("alice", "demo", sid=found.id, user="bob")
    assert (wrong_person.status_code, wrong_person.json["error"]["code"]) == (401, "session_ended")
    store.sessions.end(found.session)
    ended = gateway_site.decide("alice", "demo", sid=found.id, user="alice")
    assert (ended.status_code, ended.json["error"]["code"]) == (401, "session_ended")
    unknown = gateway_site.decide("alice", "demo", token="wk_" + "x" * 43)
    assert (unknown.status_code, unknown.json["error"]["code"]) == (401, "token_invalid")


@pytest.mark.parametrize(
    "credential",
    [
        {},
        {"sid": "a"},
        {"user": "a"},
        {"anonymous": False},
        {"anonymous": True, "token": "wk_x"},
        {"sid": {"$ne": ""}, "user": {"$ne": ""}},
        {"token": {"$gt": ""}},
    ],
)
def test_a_credential_is_exactly_one_of_three(gateway_site: GatewaySite, credential: dict[str, Any]) -> None:
    body = {"credential": credential, "owner": "alice", "project": "demo"}
    assert gateway_site.call("POST", "/decisions", body).status_code == 422


def test_only_a_registered_gateway_with_its_own_key_is_answered(kit: Kit, gateway_site: GatewaySite) -> None:
    assert gateway_site.call("GET", "/data-center").json == {
        "id": gateway_site.data_center.id,
        "name": "east",
        "url": "http://east.test:8089",
        "client_id": gateway_site.data_center.id,
        "anonymous_reading": False,
    }
    assert gateway_site.call("GET", "/data-center", secret=tokens.new_key()).status_code == 401
    client = kit.app.test_client()
    assert client.get("/api/internal/v1/data-center").status_code == 401
    person = kit.token(kit.user("wakari", "superuser"))
    answer = client.get("/api/internal/v1/data-center", headers={"Authorization": f"Bearer {person}"})
    assert answer.status_code == 401
    # A token this very gateway would send to another tier is not good here.
    issuer = f"gateway:{gateway_site.data_center.id}"
    for audience in (issuer, "node:n1", ""):
        token = tokens.sign_request(gateway_site.secret, issuer, audience)
        headers = {"Authorization": f"Bearer {token}"}
        assert client.get("/api/internal/v1/data-center", headers=headers).status_code == 401


def test_a_rotated_secret_ends_the_old_one(kit: Kit, gateway_site: GatewaySite) -> None:
    _, new = kit.services.sites.change(
        gateway_site.data_center, name=None, url=None, summary=None, rotate_secret=True, actor="test"
    )
    assert gateway_site.call("GET", "/data-center").status_code == 401
    assert gateway_site.call("GET", "/data-center", secret=new).status_code == 200
