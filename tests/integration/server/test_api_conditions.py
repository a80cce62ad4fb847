# SPDX-License-Identifier: GPL-3.0-or-later
"""ETags and If-Match, and the filters of lists."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.serverkit import Api, Kit


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
        answer = admin.get(f"/projects?{wrong}")
        if "[" in wrong:
            assert answer.status_code == 200  # no parameter of ours
        else:
            assert answer.status_code == 422, wrong
