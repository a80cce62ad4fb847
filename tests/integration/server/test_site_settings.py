# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings that administrators change while the site runs, and drained nodes: that they do something."""

from __future__ import annotations

import pytest

from tests.serverkit import Api, Kit


@pytest.fixture
def admin(kit: Kit) -> Api:
    kit.place("east", "e1", "e2")
    return kit.api(kit.user("wakari", "superuser"))


def test_the_default_visibility_is_that_of_new_projects_of_which_nobody_says(admin: Api) -> None:
    assert admin.get("/settings").json == {
        "default_project_public": None,
        "announcement": "",
        "anonymous_reading": False,
        "open_registration": False,
        "registration_approval": True,
        "password_min_length": 8,
    }
    assert admin.post("/projects", {"name": "p1"}).json["public"] is False
    assert admin.patch("/settings", {"default_project_public": True}).json["default_project_public"] is True
    assert admin.post("/projects", {"name": "p2"}).json["public"] is True
    assert admin.post("/projects", {"name": "p3", "public": False}).json["public"] is False
    admin.patch("/settings", {"default_project_public": None})
    assert admin.post("/projects", {"name": "p4"}).json["public"] is False


def test_an_announcement_stands_on_every_page_as_text(kit: Kit, admin: Api) -> None:
    admin.patch("/settings", {"announcement": "Maintenance on <b>Friday</b>"})
    assert "Maintenance on &lt;b&gt;Friday&lt;/b&gt;" in kit.browser().get("/login").text
    admin.patch("/settings", {"announcement": ""})
    assert 'role="note"' not in kit.browser().get("/login").text


def test_a_setting_that_is_not_one_is_refused(admin: Api) -> None:
    for body in ({"colour": "red"}, {"announcement": "x" * 301}, {"announcement": "a\nb"}, {"announcement": None}):
        assert admin.patch("/settings", body).status_code == 422, body
    assert admin.get("/settings").json == {
        "default_project_public": None,
        "announcement": "",
        "anonymous_reading": False,
        "open_registration": False,
        "registration_approval": True,
        "password_min_length": 8,
    }


def test_a_drained_node_gets_no_new_project(kit: Kit, admin: Api) -> None:
    assert admin.patch("/nodes/e1", {"drained": True}).json["drained"] is True
    assert kit.browser(kit.services.store.users.get("wakari")).get("/admin/nodes").text.count("Drained") == 1
    assert [admin.post("/projects", {"name": f"p{number}"}).json["nodes"] for number in range(3)] == [["e2"]] * 3
    named = admin.post("/projects", {"name": "q", "nodes": ["e1"]})
    assert (named.status_code, named.json["error"]["code"]) == (409, "node_drained")
    admin.patch("/nodes/e2", {"drained": True})
    for body in ({"name": "r"}, {"name": "r", "data_center": "east"}):
        none = admin.post("/projects", body)
        assert (none.status_code, none.json["error"]["code"]) == (409, "no_node")
    admin.patch("/nodes/e1", {"drained": False})
    assert admin.post("/projects", {"name": "s"}).json["nodes"] == ["e1"]


def test_a_node_is_changed_and_its_url_stays_its_own(admin: Api) -> None:
    changed = admin.patch("/nodes/e1", {"url": "http://other.test:5002/", "description": "Big"}).json
    assert (changed["url"], changed["description"]) == ("http://other.test:5002", "Big")
    taken = admin.patch("/nodes/e1", {"url": "http://e2.test:5002"})
    assert (taken.status_code, taken.json["error"]["code"]) == (409, "node_exists")
    assert admin.patch("/nodes/none", {"drained": True}).status_code == 404
