# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from tests.serverkit import PASSWORD, Api, GatewaySite, Kit


def test_a_person_gets_a_token_and_creates_and_starts_a_project(kit: Kit, api: Api, gateway_site: GatewaySite) -> None:
    kit.user("alice")
    got = api.post("/tokens", {"username": "alice", "password": PASSWORD})
    assert got.status_code == 201, got.text
    alice = Api(kit.app.test_client(), got.json["token"])
    made = alice.post("/projects", {"name": "demo", "summary": "First"})
    assert made.status_code == 201, made.text
    assert made.json["state"] == "stopped"
    assert made.json["urls"]["apps"] == {
        app: f"http://east.test:8089/alice/demo/{app}/"
        for app in ("notebook", "lab", "workbench", "terminal", "viewer", "resources")
    }
    task = alice.post("/projects/alice/demo/start")
    assert task.status_code == 202, task.text
    assert alice.get("/projects/alice/demo").json["state"] == "starting"
    assert alice.get("/tasks/" + task.json["id"]).json["verb"] == "start-project"
    answer = gateway_site.decide("alice", "demo", token=alice.token)
    assert answer.status_code == 200, answer.text
    assert answer.json["level"] == "admin"
    assert answer.json["project"]["owner"] == {"name": "alice", "uid": 20000, "gid": 20000}


def test_apps_are_offered_by_level(kit: Kit, api: Api) -> None:
    kit.place()
    people = {}
    for name in ("alice", "bob", "carol"):
        kit.user(name)
        token = api.post("/tokens", {"username": name, "password": PASSWORD}).json["token"]
        people[name] = Api(kit.app.test_client(), token)
    people["alice"].post("/projects", {"name": "demo", "public": True})
    viewer = {"viewer": "http://east.test:8089/alice/demo/viewer/"}
    assert people["carol"].get("/projects/alice/demo").json["urls"]["apps"] == viewer
    people["alice"].call("PUT", "/projects/alice/demo/members/bob", {"role": "viewer"})
    assert people["bob"].get("/projects/alice/demo").json["urls"]["apps"] == viewer
    people["alice"].call("PUT", "/projects/alice/demo/members/bob", {"role": "member"})
    assert len(people["bob"].get("/projects/alice/demo").json["urls"]["apps"]) == 6


def test_the_openapi_document_is_served(api: Api) -> None:
    document = api.get("/openapi.json").json
    assert document["openapi"] == "3.1.0"
    assert "post" in document["paths"]["/projects/{owner}/{name}/start"]
