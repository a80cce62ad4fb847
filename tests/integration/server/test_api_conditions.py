# SPDX-License-Identifier: GPL-3.0-or-later
"""ETags and If-Match, and the filters of lists."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.serverkit import PASSWORD, Api, Kit
from wakari.server.api import blueprint  # noqa: F401 - fills the table
from wakari.server.api.table import TABLE
from wakari.store.reports import AppUse


@pytest.fixture
def admin(kit: Kit) -> Api:
    kit.place("east", "e1", "e2")
    return kit.api(kit.user("wakari", "superuser"))


def conditional(api: Api, method: str, path: str, tag: str, body: Any = None) -> TestResponse:
    headers = {"Authorization": f"Bearer {api.token}", "If-Match": tag}
    return api.client.open(f"/api/v1{path}", method=method, headers=headers, json=body)


def test_a_change_of_what_changed_since_it_was_read_is_refused(admin: Api) -> None:
    admin.post("/groups", {"name": "physics"})
    tag = admin.get("/groups/physics").headers["ETag"]
    assert conditional(admin, "PATCH", "/groups/physics", tag, {"summary": "One"}).status_code == 200
    late = conditional(admin, "PATCH", "/groups/physics", tag, {"summary": "Two"})
    assert (late.status_code, late.json["error"]["code"]) == (412, "changed_meanwhile")
    assert conditional(admin, "DELETE", "/groups/physics", tag).status_code == 412
    assert admin.get("/groups/physics").json["summary"] == "One"
    now = admin.get("/groups/physics").headers["ETag"]
    assert conditional(admin, "DELETE", "/groups/physics", now).status_code == 204
    assert conditional(admin, "PATCH", "/groups/physics", now, {"summary": "x"}).status_code == 404


def test_the_condition_tells_nobody_what_they_may_not_see(kit: Kit, admin: Api) -> None:
    admin.post("/projects", {"name": "p"})
    stranger = kit.api(kit.user("bob"))
    for tag in ("*", '"0"', admin.get("/projects/wakari/p").headers["ETag"]):
        assert conditional(stranger, "PATCH", "/projects/wakari/p", tag, {"summary": "x"}).status_code == 404


def test_projects_are_listed_by_owner_node_and_state(kit: Kit, admin: Api) -> None:
    for number in range(4):
        admin.post("/projects", {"name": f"p{number}"})
    bob = kit.api(kit.user("bob"))
    bob.post("/projects", {"name": "q", "nodes": ["e1"], "data_center": "east"})
    admin.post("/projects/wakari/p0/start")

    def listed(api: Api, query: str) -> list[str]:
        answer = api.get(f"/projects?{query}")
        assert answer.status_code == 200, answer.text
        return [item["name"] for item in answer.json["items"]]

    assert listed(admin, "node=e1") == ["q", "p0", "p2"]
    assert listed(admin, "node=e1&owner=wakari") == ["p0", "p2"]
    assert listed(admin, "state=starting") == ["p0"]
    assert listed(admin, "owner=bob") == ["q"]
    assert listed(bob, "node=e1") == ["q"]
    assert listed(bob, "owner=wakari") == []
    first = admin.get("/projects?node=e1&limit=1").json
    assert [first["next"], *listed(admin, f"node=e1&cursor={first['next']}")] == ["bob/q", "p0", "p2"]
    for wrong in ("owner=$ne", "node=", "state=a%20b", "owner[$ne]=x"):
        assert admin.get(f"/projects?{wrong}").status_code == 422, wrong


def fail(kit: Kit, number: int) -> None:
    """Let an error of a kind of its own be noted."""
    try:
        raise type(f"Failure{number}", (Exception,), {})  # noqa: TRY301 - noted right here
    except Exception as error:  # noqa: BLE001 - the kind was made above
        kit.services.store.exceptions.take(error, service="wk-server", where="GET /")


def test_every_list_goes_page_by_page(kit: Kit, admin: Api) -> None:
    """The route table says which lists there are: walked one item at a time, each tells what it tells whole."""
    bob = kit.user("bob")
    east = kit.services.store.data_centers.find("east")
    assert east
    for number in range(3):
        kit.authorize("wakari", east.id)
        admin.post("/groups", {"name": f"g{number}"})
        admin.post("/projects", {"name": f"p{number}"})
        admin.post(f"/projects/wakari/p{number}/start")
        admin.post("/tokens", {"username": "wakari", "password": PASSWORD, "name": f"t{number}"})
        project = kit.services.store.projects.get("wakari", f"p{number}")
        assert project is not None
        kit.services.store.database.drift.insert_one(
            {"_id": f"{project.id}/e1", "project_id": project.id, "project": project.path, "node": "e1"}
            | {"asked_at": project.created_at, "at": project.created_at, "wrong": number + 1}
        )
        key = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + bytes([number + 1] * 32)).decode()
        assert admin.post("/ssh-keys", {"name": f"k{number}", "key": f"ssh-ed25519 {key}"}).status_code == 201
        use = AppUse(user="wakari", app="notebook", since=project.created_at)
        kit.services.store.uses.take("e1" if number else "e2", project.created_at, {project.id: ([use], [])})
        fail(kit, number)
        admin.post("/saved-searches", {"name": f"s{number}", "query": "ocean"})
        kit.services.store.registrations.add(f"nora{number}", password_hash="", full_name="", email="", address="")
        job = kit.services.store.fleet_jobs.add("drift", None, "wakari")
        kit.services.store.fleet_jobs.cancel_waiting(job.id, "wakari")
        for seq in range(2):
            kit.services.store.fleet_events.add(job.id, seq + 1, {"status": "note"})
    kit.place("west", "w1")
    assert bob
    for route in TABLE.routes:
        if not route.paged:
            continue
        path = route.path.format(user="wakari", job=job.id)
        whole = admin.get(path).json
        assert len(whole["items"]) >= 2, route.path
        assert whole["next"] is None
        walked: list[Any] = []
        cursor = ""
        while cursor is not None:
            answer = admin.get(f"{path}?limit=1&cursor={cursor}")
            assert answer.status_code == 200, f"{route.path}: {answer.text}"
            walked += answer.json["items"]
            cursor = answer.json["next"]
            assert len(walked) <= len(whole["items"]), route.path
        for item in (*walked, *whole["items"]):
            item.pop("last_used_at", None)
        assert walked == whole["items"], route.path


def test_lists_are_filtered(kit: Kit, admin: Api) -> None:
    kit.user("bob", "staff")
    west, _ = kit.place("west", "w1", "w2")
    admin.post("/groups", {"name": "physics", "members": ["bob"]})
    admin.post("/projects", {"name": "p", "nodes": ["e1"], "data_center": "east"})
    admin.post("/projects/wakari/p/start")

    def names(path: str, key: str = "name") -> list[str]:
        answer = admin.get(path)
        assert answer.status_code == 200, answer.text
        return [item[key] for item in answer.json["items"]]

    assert names("/users?group=physics") == ["bob"]
    assert names("/users?role=superuser") == ["wakari"]
    assert names(f"/nodes?data_center={west.id}") == ["w1", "w2"]
    assert names("/nodes?state=down") == []
    assert names("/tasks?state=queued", "verb") == ["start-project"]
    assert names("/tasks?state=done", "verb") == []
    assert names("/tasks?verb=stop-project", "verb") == []


def test_refusals_of_the_framework_have_the_one_shape(admin: Api) -> None:
    answers = {
        404: admin.get("/no-such-thing"),
        405: admin.call("PUT", "/settings", {}),
        413: admin.post("/groups", {"name": "x", "summary": "x" * 300_000}),
        415: admin.client.post("/api/v1/groups", data="name=x", headers={"Authorization": f"Bearer {admin.token}"}),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        error = answer.json["error"]
        assert set(error) >= {"code", "message", "hint", "request_id"}
        assert error["request_id"] == answer.headers["X-Request-Id"]
    assert "PATCH" in answers[405].headers["Allow"]
    given = admin.client.get("/api/v1/users", headers={"X-Request-Id": "from-the-caller-1"})
    assert given.headers["X-Request-Id"] == "from-the-caller-1"
