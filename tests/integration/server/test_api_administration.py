# SPDX-License-Identifier: GPL-3.0-or-later
"""What administrators read and do by the API: running apps, errors, the report, tokens of others."""

from __future__ import annotations

import pytest

from tests.integration.server.test_api_conditions import fail
from tests.serverkit import Api, Kit
from wakari.core.messages import instance_of
from wakari.store import Store
from wakari.store.base import now
from wakari.store.reports import AppUse


@pytest.fixture
def root(kit: Kit) -> Api:
    kit.place("east", "e1", "e2")
    return kit.api(kit.user("wakari", "superuser"))


def test_running_apps_of_all_nodes_are_found_by_node_person_and_app(kit: Kit, root: Api, store: Store) -> None:
    alice, bob = kit.user("alice"), kit.user("bob")
    first, second = kit.project(alice, "one"), kit.project(bob, "two")
    moment = now()
    apps = [AppUse(user="alice", app=app, since=moment, cpu=0.5, memory=1 << 20) for app in ("notebook", "terminal")]
    store.uses.take("e1", moment, {first.id: (apps, [])})
    store.uses.take("e2", moment, {second.id: ([AppUse(user="bob", app="notebook", since=moment)], [])})

    def found(query: str = "") -> list[tuple[str, str, str]]:
        items = root.get(f"/running-apps{query}").json["items"]
        return sorted((one["project"], one["user"], one["app"]) for one in items)

    everything = [
        ("alice/one", "alice", "notebook"),
        ("alice/one", "alice", "terminal"),
        ("bob/two", "bob", "notebook"),
    ]
    assert found() == everything
    assert found("?node=e2") == everything[2:]
    assert found("?user=alice&app=terminal") == everything[1:2]
    assert root.get("/running-apps?person=alice").status_code == 422
    (one,) = root.get("/running-apps?node=e2").json["items"]
    assert one["id"] == instance_of("bob", "two", "bob", "notebook")
    assert kit.api(alice).get("/running-apps").status_code == 403


def test_errors_are_read_and_marked(kit: Kit, root: Api) -> None:
    fail(kit, 1)
    fail(kit, 2)
    newest = root.get("/exceptions").json["items"][0]
    assert (newest["kind"], newest["count"], newest["read"]) == ("Failure2", 1, False)
    assert "Traceback" in newest["trace"]
    assert [one["kind"] for one in root.get("/exceptions?kind=Failure1").json["items"]] == ["Failure1"]
    assert root.post("/exceptions/read").json == {"marked": 2}
    assert root.post("/exceptions/read").json == {"marked": 0}
    assert all(one["read"] for one in root.get("/exceptions").json["items"])


def test_the_report_tells_a_period(kit: Kit, root: Api) -> None:
    kit.project(kit.user("alice"), "one")
    today = root.get("/report").json
    assert (today["period"], today["users"], today["projects"]) == ("today", 2, 1)
    assert {user["name"] for user in today["new_users"]} == {"wakari", "alice"}
    assert today["actions"]["project.create"] == 1
    yesterday = root.get("/report?period=yesterday").json
    assert (yesterday["new_users"], yesterday["actions"], yesterday["until"]) == ([], {}, today["since"])
    assert root.get("/report?period=never").json["error"]["code"] == "period_unknown"
    assert root.get("/report?since=2020").json["error"]["code"] == "parameter_unknown"


def test_a_superuser_ends_a_token_of_another_which_then_opens_nothing(kit: Kit, root: Api, store: Store) -> None:
    alice = kit.user("alice")
    hers = kit.api(alice)
    assert hers.get("/users/alice").status_code == 200
    (token,) = root.get("/users/alice/tokens").json["items"]
    assert "token" not in token
    for nobody in (kit.api(kit.user("helga", "staff")), hers):
        assert nobody.get("/users/wakari/tokens").status_code == 403
        assert nobody.delete(f"/users/alice/tokens/{token['id']}").status_code == 403
    assert root.delete(f"/users/wakari/tokens/{token['id']}").status_code == 404, "it is not theirs"
    assert root.delete(f"/users/alice/tokens/{token['id']}").status_code == 204
    assert hers.get("/users/alice").status_code == 401
    assert root.delete(f"/users/alice/tokens/{token['id']}").status_code == 404
    assert root.get("/users/nobody/tokens").status_code == 404
    event = next(event for event in store.audit.latest(5) if event.event == "token.revoke")
    assert (event.actor, event.subject) == ("wakari", "alice")
