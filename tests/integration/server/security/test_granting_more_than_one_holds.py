# SPDX-License-Identifier: GPL-3.0-or-later
"""Giving away more than one holds (CVE-2024-41942, CVE-2023-27578): every way to a role is looked at by its result."""

from __future__ import annotations

from typing import Any

import pytest

from tests.serverkit import PASSWORD, Kit
from wakari.store.records import User


@pytest.fixture
def people(kit: Kit) -> dict[str, User]:
    kit.place()
    made = {name: kit.user(name) for name in ("alice", "bob")}
    return made | {"helga": kit.user("helga", "staff"), "root1": kit.user("root1", "superuser")}


WAYS: list[tuple[str, str, dict[str, Any]]] = [
    ("POST", "/users", {"name": "new", "password": PASSWORD, "roles": ["staff"]}),
    ("POST", "/users", {"name": "new", "password": PASSWORD, "roles": ["superuser"]}),
    ("PATCH", "/users/bob", {"roles": ["staff"]}),
    ("PATCH", "/users/helga", {"roles": ["superuser"]}),
    ("PATCH", "/users/helga", {"roles": ["staff", "superuser"]}),
    ("PATCH", "/users/root1", {"password": "another long one"}),
    ("PATCH", "/users/root1", {"email": "mine@example.org"}),
    ("POST", "/users/root1/reset-link", {}),
    ("PUT", "/users/root1/ban", {}),
    ("DELETE", "/users/root1", {}),
    ("POST", "/users/bob/offboard", {"heir": "helga"}),
    ("POST", "/groups", {"name": "mine", "members": ["helga"]}),
    ("PATCH", "/settings", {"open_registration": True, "registration_approval": False}),
    ("POST", "/projects", {"name": "planted", "owner": "alice"}),
]


@pytest.mark.parametrize("who", ["bob", "helga"])
@pytest.mark.parametrize("way", WAYS)
def test_no_way_leads_to_a_role_one_does_not_hold(
    kit: Kit, people: dict[str, User], who: str, way: tuple[str, str, dict[str, Any]]
) -> None:
    method, path, body = way
    before = {name: kit.services.accounts.get(name) for name in people}
    answer = kit.api(people[who]).call(method, path, None if method == "DELETE" or not body else body)
    assert answer.status_code in {403, 415, 422}, answer.text
    if answer.status_code != 403:
        answer = kit.api(people[who]).call(method, path, body)
        assert answer.status_code == 403
    after = {name: kit.services.accounts.get(name) for name in people}
    assert {name: (user.roles, user.password_hash) for name, user in after.items()} == {
        name: (user.roles, user.password_hash) for name, user in before.items()
    }


def test_a_registration_brings_no_role(kit: Kit, people: dict[str, User]) -> None:
    kit.services.site.change({"open_registration": True, "registration_approval": False}, actor="root1")
    body = {"name": "nora", "password": PASSWORD}
    assert kit.api().post("/registrations", {**body, "roles": ["superuser"]}).status_code == 422
    fields = {**body, "new": PASSWORD, "again": PASSWORD, "roles": "superuser", "superuser": "1", "staff": "1"}
    kit.browser().submit("/login/register", fields)
    assert kit.services.accounts.get("nora").roles == ()
    assert len(people) == 4


def test_a_member_gives_nobody_what_the_owner_has(kit: Kit, people: dict[str, User]) -> None:
    alice, bob = people["alice"], people["bob"]
    project = kit.services.team.put(kit.caller(alice), kit.project(alice), "bob", "member")
    member = kit.api(bob)
    for method, path, body in (
        ("PUT", f"/projects/{project.path}/members/helga", {"role": "viewer"}),
        ("PUT", f"/projects/{project.path}/members/bob", {"role": "owner"}),
        ("PATCH", f"/projects/{project.path}", {"members": [{"user": "bob", "role": "member"}]}),
        ("PATCH", f"/projects/{project.path}", {"environment": "other", "public": True}),
        ("PATCH", f"/projects/{project.path}", {"limits": {"memory_max": None}}),
    ):
        assert member.call(method, path, body).status_code in {403, 422}, (method, path, body)
    found = kit.services.store.projects.by_id(project.id)
    assert found
    assert ([entry.user for entry in found.members], found.public, found.environment) == (["bob"], False, "default")
