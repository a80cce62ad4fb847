# SPDX-License-Identifier: GPL-3.0-or-later
"""Every route of the API, called by every kind of person: the answer is the one the access table gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.server.test_ssh_keys import key
from tests.serverkit import Api, Kit
from wakari.access import Action, Caller, has
from wakari.server.api.routing import Route
from wakari.server.api.table import TABLE
from wakari.store.records import Project, User

ROUTES = [route for route in TABLE.routes if route.action is not None]
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("PATCH", "/users/{user}"): {"full_name": "New"},
    ("PUT", "/users/{user}/ban"): {"reason": "New"},
    ("POST", "/users/{user}/offboard"): {"heir": ""},
    ("PATCH", "/projects/{owner}/{name}"): {"summary": "New"},
    ("POST", "/projects/{owner}/{name}/transfer"): {"owner": "the-member"},
    ("PUT", "/projects/{owner}/{name}/nodes"): {"nodes": ["home-1"]},
    ("PUT", "/projects/{owner}/{name}/members/{user}"): {"role": "viewer"},
    ("PUT", "/projects/{owner}/{name}/groups/{group}"): {"role": "viewer"},
    ("PATCH", "/groups/{group}"): {"summary": "New"},
    ("PATCH", "/settings"): {"announcement": "New"},
    ("PATCH", "/nodes/{name}"): {"description": "New"},
    ("PATCH", "/data-centers/{id}"): {"summary": "New"},
}
# One's own account, task and token everybody reaches: what is asked for here is another person's.
FOREIGN = {
    "/tokens/{token}",
    "/authorizations/{authorization}",
    "/users/{user}/authorizations/{authorization}",
    "/ssh-keys/{key}",
    "/users/{user}/tokens/{token}",
    "/running-apps/{app}/stop",
    "/fleet-jobs/{job}",
    "/fleet-jobs/{job}/events",
    "/fleet-jobs/{job}/cancel",
    "/saved-searches/{search}",
    "/registrations/{user}",
    "/registrations/{user}/approve",
}


@dataclass
class Scene:
    """People of every kind, and for each call a fresh set of things to call it on."""

    kit: Kit
    people: dict[str, User | None]
    number: int = 0
    home: str = ""

    def add_user(self, name: str) -> User:
        return self.kit.services.store.users.add(name, password_hash="", full_name="", email="", roles=[])

    def fresh(self) -> tuple[Project, dict[str, str]]:
        self.number += 1
        tag = f"x{self.number}"
        services = self.kit.services
        owner, member, viewer = (self.people[key] for key in ("owner", "member", "viewer"))
        assert owner
        assert member
        assert viewer
        project = self.kit.project(owner, tag, data_center="home")
        caller = self.kit.caller(owner)
        services.team.put(caller, project, member.name, "member")
        project = services.team.put(caller, project, viewer.name, "viewer")
        place, _ = services.sites.register(tag, f"http://{tag}.test:8089", "", actor="test")
        user = self.add_user(f"u{tag}")
        group = services.groups.add(f"g{tag}", "", [], actor="test")
        task = services.lifecycle.start(caller, self.kit.project(owner, f"t{tag}", data_center="home"))
        services.sites.add_node(f"n{tag}", self.home, f"http://n{tag}.test:5002", "", actor="test")  # last: it is empty
        return project, {
            "owner": owner.name,
            "name": tag,
            "user": user.name,
            "id": place.id,
            "group": group.name,
            "task": task.id,
            "token": "0" * 24,
            "authorization": "0" * 24,
            "key": "0" * 24,
            "app": "0" * 20,
            "job": "0" * 24,
            "search": "0" * 24,
        }

    def bury(self, task: str) -> None:
        """Let the task end as a worker gives it up."""
        store = self.kit.services.store
        held = next(one for one in iter(lambda: store.tasks.claim("w", 60), None) if one.id == task)
        error = {"code": "unreachable", "message": "Away.", "hint": ""}
        store.transaction(lambda tx: store.tasks.finish(held, "w", error, tx, dead=True))
        store.transaction(lambda tx: store.projects.settle(held.project_id, task, "error", "Away.", tx))

    def body(self, route: Route) -> dict[str, Any] | None:
        tag = f"new{self.number}"
        made: dict[str, dict[str, Any]] = {
            "/users": {"name": tag, "password": "long enough"},
            "/groups": {"name": tag},
            "/projects": {"name": tag},
            "/data-centers": {"name": tag, "url": f"http://{tag}.test:8089"},
            "/fleet-jobs": {"kind": "drift"},
            "/ssh-keys": {"key": key(self.number)},
            "/notifications": {"subject": tag, "text": tag},
            "/search": {"query": tag},
            "/saved-searches": {"name": tag, "query": tag},
            "/nodes": {"name": tag, "data_center": "home", "url": f"http://{tag}.test:5002"},
        }
        if route.body is None:
            return None
        return BODIES.get((route.method, route.path)) or made[route.path]


@pytest.fixture
def scene(kit: Kit) -> Scene:
    place, _ = kit.place("home")
    names = {"stranger": (), "viewer": (), "member": (), "owner": (), "staff": ("staff",), "superuser": ("superuser",)}
    people: dict[str, User | None] = {"nobody": None}
    people |= {kind: kit.user(f"the-{kind}", *roles) for kind, roles in names.items()}
    scene = Scene(kit, people)
    scene.home = place.id
    return scene


def expected(route: Route, caller: Caller, project: Project) -> int:
    assert route.action is not None
    if not caller.name:
        return 401
    on_project = "{owner}" in route.path
    if has(caller, route.action, project if on_project else None):
        if (route.method, route.path) == ("POST", "/fleet-jobs"):
            return 409  # off, as on every site that did not set it up
        return 404 if route.path in FOREIGN else route.status
    if route.path == "/projects":
        return route.status  # a list is filtered, not refused
    if not on_project:
        return 403
    return 403 if has(caller, Action.PROJECT_READ, project) else 404


def test_each_route_answers_each_kind_of_person_by_the_table(scene: Scene) -> None:
    wrong = []
    project_owner = scene.people["owner"]
    assert project_owner
    for who, user in scene.people.items():
        api = Api(scene.kit.app.test_client(), scene.kit.token(user) if user else "")
        caller = scene.kit.caller(user) if user else Caller()
        for route in ROUTES:
            project, names = scene.fresh()
            if route.path.startswith("/nodes/"):
                names["name"] = f"n{names['name']}"
            if route.path.endswith(("/stop", "/cancel")):
                scene.kit.services.lifecycle.start(scene.kit.caller(project_owner), project)
            if route.path.endswith(("/requeue", "/discard")):
                scene.bury(names["task"])
            answer = api.call(route.method, route.path.format(**names), scene.body(route))
            want = expected(route, caller, project)
            if route.path == "/tasks/{task}" and who == "stranger":
                want = 404  # not theirs, and of a project they may not see
            if route.path == "/tasks/{task}" and who in {"viewer", "member"}:
                want = 404  # of a project whose team they are not in
            if route.path == "/notifications" and want == route.status:
                want = 409  # no mail server here
            if answer.status_code != want:
                wrong.append((who, route.method, route.path, answer.status_code, want, answer.text[:120]))
    assert not wrong, "\n".join(map(str, wrong))
