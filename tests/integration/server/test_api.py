# SPDX-License-Identifier: GPL-3.0-or-later
"""The API beyond who may call it: input, errors, pages of lists, secrets."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from tests.serverkit import PASSWORD, Api, Kit
from wakari.store import Store


@pytest.fixture
def admin(kit: Kit) -> Api:
    return kit.api(kit.user("wakari", "superuser"))


OPERATOR: list[Any] = [
    {"username": {"$ne": ""}, "password": PASSWORD},
    {"username": {"$gt": ""}, "password": {"$gt": ""}},
    {"username": "alice", "password": {"$ne": ""}},
    {"username": ["alice"], "password": PASSWORD},
    {"username": "alice", "password": PASSWORD, "$where": "1"},
    [],
    "alice",
    None,
]


@pytest.mark.parametrize("body", OPERATOR)
def test_operators_of_the_database_are_no_user_names(kit: Kit, api: Api, body: Any) -> None:
    kit.user("alice")
    answer = api.client.post("/api/v1/tokens", data=json.dumps(body), content_type="application/json")
    assert answer.status_code == 422
    assert answer.json["error"]["code"] == "body_invalid"
    assert PASSWORD not in answer.text


def test_the_api_takes_json_only(kit: Kit, api: Api) -> None:
    kit.user("alice")
    fields = {"username": "alice", "password": PASSWORD}
    assert api.client.post("/api/v1/tokens", data=fields).status_code == 415
    as_text = api.client.post("/api/v1/tokens", data='{"username":"alice"}', content_type="text/plain")
    assert as_text.status_code == 415
    broken = api.client.post("/api/v1/tokens", data="{", content_type="application/json")
    assert (broken.status_code, broken.json["error"]["code"]) == (400, "json_invalid")
    nested = api.client.post("/api/v1/tokens", data="[" * 100_000, content_type="application/json")
    assert nested.status_code == 400


def test_errors_have_one_shape_and_carry_the_request_id(api: Api) -> None:
    for path in ("/projects", "/nothing", "/projects/a/b/c/d/e"):
        answer = api.client.get("/api/v1" + path, headers={"X-Request-Id": "abcdefgh-1"})
        assert set(answer.json["error"]) >= {"code", "message", "hint", "request_id"}
        assert answer.json["error"]["request_id"] == "abcdefgh-1"
        assert answer.headers["X-Request-Id"] == "abcdefgh-1"
    assert api.client.put("/api/v1/projects").status_code == 405


@pytest.mark.parametrize("name", ["", "1st", "a b", "../x", "a/b", "-x", "x" * 64, "über", "$where", "a\n"])
def test_bad_project_names_are_refused_with_the_rule(kit: Kit, name: str) -> None:
    kit.place()
    answer = kit.api(kit.user("alice")).post("/projects", {"name": name})
    assert answer.status_code == 422
    assert "letter" in answer.json["error"]["hint"]


def test_a_name_is_taken_per_owner(kit: Kit) -> None:
    kit.place()
    alice, bob = kit.api(kit.user("alice")), kit.api(kit.user("bob"))
    assert alice.post("/projects", {"name": "demo"}).status_code == 201
    again = alice.post("/projects", {"name": "demo"})
    assert (again.status_code, again.json["error"]["code"]) == (409, "project_exists")
    assert bob.post("/projects", {"name": "demo"}).status_code == 201


def test_without_a_node_there_is_no_project(kit: Kit) -> None:
    answer = kit.api(kit.user("alice")).post("/projects", {"name": "demo"})
    assert (answer.status_code, answer.json["error"]["code"]) == (409, "no_node")


def test_projects_go_to_the_least_loaded_node_or_where_one_says(kit: Kit) -> None:
    kit.place("east", "e1", "e2")
    kit.place("west", "w1")
    alice = kit.api(kit.user("alice"))

    def nodes(**body: Any) -> list[str]:
        number = len(alice.get("/projects").json["items"])
        made = alice.post("/projects", {"name": f"p{number}", **body})
        assert made.status_code == 201, made.text
        placed: list[str] = made.json["nodes"]
        return placed

    assert [nodes(), nodes(), nodes()] == [["e1"], ["e2"], ["w1"]]
    assert nodes(data_center="west") == ["w1"]
    assert nodes(data_center="east", nodes=["e2", "e1"]) == ["e2", "e1"]
    for wrong in ({"data_center": "north"}, {"data_center": "east", "nodes": ["w1"]}):
        assert alice.post("/projects", {"name": "px", **wrong}).status_code == 422


def test_lists_come_in_pages_without_gaps(kit: Kit) -> None:
    kit.place()
    user = kit.user("alice")
    for number in range(7):
        kit.project(user, f"p{number}")
    alice = kit.api(user)
    seen: list[str] = []
    cursor, turns = "", 0
    while cursor is not None:
        answer = alice.client.get(
            "/api/v1/projects",
            query_string={"limit": 3, "cursor": cursor},
            headers={"Authorization": f"Bearer {alice.token}"},
        ).json
        seen += [item["name"] for item in answer["items"]]
        cursor, turns = answer["next"], turns + 1
    assert seen == [f"p{number}" for number in range(7)]
    assert turns == 3
    for bad in ("limit=0", "limit=201", "limit=x", "cursor=$gt", "cursor=alice"):
        assert alice.get(f"/projects?{bad}").status_code == 422


def test_a_client_secret_is_told_once_and_again_only_when_it_is_new(admin: Api, store: Store) -> None:
    made = admin.post("/data-centers", {"name": "east", "url": "http://gw.test:8089", "summary": "Here"})
    assert made.status_code == 201
    secret = made.json["client_secret"]
    assert len(secret) >= 43
    path = f"/data-centers/{made.json['id']}"
    assert secret not in admin.get(path).text + admin.get("/data-centers").text
    assert secret not in str(list(store.database.data_centers.find()))
    assert admin.patch(path, {"summary": "There"}).json["client_secret"] is None
    rotated = admin.patch(path, {"rotate_secret": True}).json["client_secret"]
    assert rotated
    assert rotated != secret
    again = admin.post("/data-centers", {"name": "east", "url": "http://other.test:8089"})
    assert (again.status_code, again.json["error"]["code"]) == (409, "data_center_exists")


@pytest.mark.parametrize(
    "url", ["gw", "ftp://gw", "http://u:p@gw", "http://gw/x", "http://gw?x", "http://gw:99999", "http://g w"]
)
def test_urls_of_gateways_are_scheme_host_and_port(admin: Api, url: str) -> None:
    assert admin.post("/data-centers", {"name": "east", "url": url}).status_code == 422


def test_what_is_in_use_is_not_removed(kit: Kit, admin: Api) -> None:
    place, _ = kit.place("east", "e1")
    kit.project(kit.user("alice"))
    assert admin.delete("/nodes/e1").json["error"]["code"] == "node_in_use"
    assert admin.delete(f"/data-centers/{place.id}").json["error"]["code"] == "data_center_in_use"
    assert admin.delete("/users/alice").json["error"]["code"] == "user_owns_projects"


def test_staff_cannot_reach_above_themselves(kit: Kit) -> None:
    kit.user("wakari", "superuser")
    kit.user("bob")
    staff = kit.api(kit.user("helga", "staff"))
    new = {"name": "mallory", "password": "long enough", "roles": ["superuser"]}
    assert staff.post("/users", new).status_code == 403
    assert staff.patch("/users/helga", {"roles": ["superuser"]}).status_code == 403
    assert staff.patch("/users/bob", {"roles": ["staff"]}).status_code == 403
    assert staff.patch("/users/wakari", {"password": "taken over"}).status_code == 403
    assert staff.delete("/users/wakari").status_code == 403
    assert staff.patch("/users/bob", {"email": "bob@example.org"}).json["email"] == "bob@example.org"


def test_the_last_superuser_stays(admin: Api) -> None:
    assert admin.patch("/users/wakari", {"roles": []}).json["error"]["code"] == "last_superuser"
    assert admin.delete("/users/wakari").status_code == 409


def test_anybody_may_leave_a_team_and_nobody_else_is_touched(kit: Kit) -> None:
    kit.place()
    alice = kit.user("alice")
    project = kit.project(alice)
    for name in ("bob", "carol"):
        kit.user(name)
        kit.services.team.put(kit.caller(alice), project, name, "viewer")
    bob = kit.api(kit.services.accounts.get("bob"))
    assert bob.delete("/projects/alice/demo/members/carol").status_code == 403
    assert bob.delete("/projects/alice/demo/members/bob").status_code == 200
    assert bob.get("/projects/alice/demo").status_code == 404


@pytest.mark.parametrize(
    ("user", "role"), [("alice", "member"), ("nobody-here", "member"), ("bob", "owner"), ("bob", "")]
)
def test_a_team_takes_known_people_and_known_roles(kit: Kit, user: str, role: str) -> None:
    kit.place()
    kit.user("bob")
    alice = kit.user("alice")
    kit.project(alice)
    assert kit.api(alice).put(f"/projects/alice/demo/members/{user}", {"role": role}).status_code == 422


def test_a_removed_user_is_out_at_once_and_keeps_the_uid(kit: Kit, admin: Api, store: Store) -> None:
    kit.place()
    alice, bob = kit.user("alice"), kit.user("bob")
    project = kit.project(alice)
    kit.services.team.put(kit.caller(alice), project, "bob", "member")
    token, browser = kit.api(bob), kit.browser(bob)
    assert admin.delete("/users/bob").status_code == 204
    assert token.get("/projects").status_code == 401
    assert browser.get("/").status_code == 303
    assert store.projects.owned("alice")[0].members == ()
    assert admin.get("/users/bob").status_code == 404
    kit.user("carol")
    again = admin.post("/users", {"name": "bob", "password": "another person"})
    assert again.json["uid"] == bob.uid


def test_tokens_end(kit: Kit, store: Store) -> None:
    user = kit.user("alice")
    alice = kit.api(user)
    listed = alice.get("/tokens").json["items"]
    assert len(listed) == 1
    assert alice.token not in str(list(store.database.tokens.find()))
    assert alice.delete(f"/tokens/{listed[0]['id']}").status_code == 204
    assert alice.get("/tokens").json["error"]["code"] == "token_invalid"


def test_guessing_is_slowed_down_but_not_for_others(kit: Kit, api: Api) -> None:
    kit.user("alice")
    kit.user("bob")
    codes = [api.post("/tokens", {"username": "alice", "password": "wrong wrong"}).status_code for _ in range(11)]
    assert codes == [401] * 10 + [429]
    assert api.post("/tokens", {"username": "alice", "password": PASSWORD}).status_code == 429
    assert api.post("/tokens", {"username": "bob", "password": PASSWORD}).status_code == 201
    elsewhere = api.client.post(
        "/api/v1/tokens",
        json={"username": "alice", "password": PASSWORD},
        headers={"X-Forwarded-For": "203.0.113.9"},
    )
    assert elsewhere.status_code == 201


def test_an_unknown_name_and_a_wrong_password_look_the_same(kit: Kit, api: Api) -> None:
    kit.user("alice")
    answers = [api.post("/tokens", {"username": name, "password": "wrong wrong"}) for name in ("alice", "mallory")]
    first, second = ({**answer.json["error"], "request_id": ""} for answer in answers)
    assert first == second


def test_a_start_is_one_task_however_often_it_is_asked_for(kit: Kit, store: Store) -> None:
    kit.place()
    user = kit.user("alice")
    kit.project(user)
    alice = kit.api(user)
    first = alice.post("/projects/alice/demo/start").json["id"]
    assert alice.post("/projects/alice/demo/start").json["id"] == first
    assert store.tasks.count("queued") == 1
    stop = alice.post("/projects/alice/demo/stop").json
    assert stop["verb"] == "stop-project"
    assert store.tasks.count("cancelled") == 1
    assert alice.post("/projects/alice/demo/start").json["error"]["code"] == "project_busy"
    gone = alice.delete("/projects/alice/demo")
    assert (gone.status_code, gone.json["verb"]) == (202, "remove-project")
    assert alice.delete("/projects/alice/demo").json["id"] == gone.json["id"]
    assert alice.delete("/projects/alice/demo?files=delete").json["error"]["code"] == "project_busy"
    assert alice.post("/projects/alice/demo/start").status_code == 409


def test_what_rests_longer_than_its_task_is_kept_answers_with_it_all_the_same(kit: Kit, store: Store) -> None:
    kit.place()
    user = kit.user("alice")
    project = kit.project(user)
    alice = kit.api(user)
    assert alice.post("/projects/alice/demo/stop").json["error"]["code"] == "project_busy", "it was never started"
    for verb, rests in (("start", "running"), ("stop", "stopped")):
        first = alice.post(f"/projects/alice/demo/{verb}").json
        store.transaction(lambda tx, task=first["id"], to=rests: store.projects.settle(project.id, task, to, None, tx))
        store.database.tasks.delete_many({})  # as the index does thirty days after their end
        again = alice.post(f"/projects/alice/demo/{verb}")
        found = store.projects.by_id(project.id)
        assert found
        told = tuple(again.json[key] for key in ("id", "verb", "project", "state"))
        assert (again.status_code, told) == (202, (first["id"], f"{verb}-project", "alice/demo", "done"))
        assert datetime.fromisoformat(again.json["finished_at"]) == found.updated_at
        assert (found.state, store.database.tasks.count_documents({})) == (rests, 0)


@pytest.mark.parametrize(
    ("query", "status", "files"),
    [
        ("", 202, "archive"),
        ("?files=archive", 202, "archive"),
        ("?files=delete", 202, "delete"),
        ("?files=shred", 422, None),
        ("?mode=delete", 422, None),
    ],
)
def test_what_becomes_of_the_files_is_chosen(
    kit: Kit, store: Store, query: str, status: int, files: str | None
) -> None:
    kit.place()
    user = kit.user("alice")
    project = kit.project(user)
    answer = kit.api(user).delete(f"/projects/alice/demo{query}")
    assert answer.status_code == status
    assert [task.files for task in store.tasks.of_project(project.id, 2)] == ([files] if files else [])
    told = [event.detail["files"] for event in store.audit.latest(5) if event.event == "project.delete"]
    assert told == ([files] if files else [])


def test_a_database_that_is_away_is_told_as_503(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = kit.api(kit.user("alice"))
    kit.services.store.close()
    from wakari.store.errors import StoreUnavailable  # noqa: PLC0415

    def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("MongoDB cannot be reached or has no primary (ServerSelectionTimeoutError).")

    monkeypatch.setattr(type(kit.services.store.tokens), "resume", away)
    monkeypatch.setattr(type(kit.services.store), "ping", away)
    answer = alice.get("/projects")
    assert (answer.status_code, answer.json["error"]["code"]) == (503, "database_unavailable")
    health = alice.client.get("/_wakari/health")
    assert (health.status_code, health.json["status"]) == (503, "error")


def test_a_node_that_is_named_alone_says_the_data_center_too(kit: Kit) -> None:
    for place in ("east", "west"):
        kit.place(place)
    alice = kit.api(kit.user("alice"))
    for name, node in {"a": "west-1", "b": "east-1"}.items():
        made = alice.post("/projects", {"name": name, "nodes": [node]})
        assert (made.status_code, made.json["nodes"]) == (201, [node])
    mixed = alice.post("/projects", {"name": "c", "nodes": ["west-1", "east-1"]})
    assert (mixed.status_code, mixed.json["error"]["code"]) == (422, "node_unknown")
