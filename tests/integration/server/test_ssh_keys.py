# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH keys and limits of projects at the server: who may, what is kept, and which tasks tell the nodes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.serverkit import GatewaySite, Kit
from wakari.core.messages import MAX_SSH_KEYS
from wakari.projects import node_spec
from wakari.store import Store
from wakari.store.records import Project


def key(number: int) -> str:
    private = Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))
    return private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def waiting(store: Store) -> list[tuple[str, str]]:
    found = store.tasks.page(requested_by=None, before=None, limit=50)
    return sorted((task.verb, task.project) for task in found if task.state == "queued")


@pytest.fixture
def project(kit: Kit, store: Store) -> Project:
    kit.place("east")
    alice = kit.user("alice")
    kit.user("bob")
    made = kit.project(alice)
    kit.services.team.put(kit.caller(alice), made, "bob", "viewer")
    store.projects.mark_started(made.id)
    found = store.projects.by_id(made.id)
    assert found is not None
    return found


def test_a_key_is_added_listed_and_removed(kit: Kit, store: Store) -> None:
    api, other = kit.api(kit.user("alice")), kit.api(kit.user("mallory"))
    made = api.post("/ssh-keys", {"name": "Laptop", "key": f"{key(1)} me@laptop"})
    assert made.status_code == 201
    assert made.json["type"] == "ssh-ed25519"
    assert made.json["fingerprint"].startswith("SHA256:")
    assert made.json["key"] == key(1)
    assert api.get("/ssh-keys").json == {"items": [made.json], "next": None}
    assert other.get("/ssh-keys").json["items"] == []
    assert other.delete(f"/ssh-keys/{made.json['id']}").status_code == 404
    assert api.delete(f"/ssh-keys/{made.json['id']}").status_code == 204
    assert api.get("/ssh-keys").json["items"] == []
    assert api.delete(f"/ssh-keys/{made.json['id']}").status_code == 404
    events = [event.event for event in store.audit.latest(20, about="alice")]
    assert {"ssh-key.add", "ssh-key.remove"} <= set(events)


def test_a_key_twice_is_refused_and_another_person_may_have_it(kit: Kit) -> None:
    api, other = kit.api(kit.user("alice")), kit.api(kit.user("bob"))
    assert api.post("/ssh-keys", {"key": key(1)}).json["name"] == "ssh-ed25519"
    again = api.post("/ssh-keys", {"name": "again", "key": f"{key(1)} other comment"})
    assert (again.status_code, again.json["error"]["code"]) == (409, "ssh_key_exists")
    # Whoever adds a stranger's public key lets the stranger in, and must not keep them from adding it themselves.
    assert other.post("/ssh-keys", {"key": key(1)}).status_code == 201


def test_nobody_has_more_than_the_limit_even_at_once(kit: Kit, store: Store) -> None:
    api = kit.api(kit.user("alice"))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: api.post("/ssh-keys", {"key": key(n)}), range(1, MAX_SSH_KEYS + 6)))
    assert sorted(answer.status_code for answer in answers) == [201] * MAX_SSH_KEYS + [422] * 5
    assert {a.json["error"]["code"] for a in answers if a.status_code == 422} == {"ssh_keys_too_many"}
    user = store.users.get("alice")
    assert user is not None
    assert len({one.fingerprint for one in user.ssh_keys}) == MAX_SSH_KEYS


def test_a_private_key_is_neither_kept_nor_shown_again(kit: Kit, store: Store) -> None:
    browser = kit.browser(kit.user("alice"))
    text = "-----BEGIN OPENSSH PRIVATE KEY-----\nsecretsecretsecret\n-----END OPENSSH PRIVATE KEY-----"
    answer = browser.submit("/settings/ssh-keys", {"name": "x", "key": text}, "/settings")
    assert "This is a private key" in answer.text
    assert "secretsecretsecret" not in answer.text
    user = store.users.get("alice")
    assert user is not None
    assert user.ssh_keys == ()


def test_keys_are_managed_on_the_account_page(kit: Kit, store: Store) -> None:
    browser = kit.browser(kit.user("alice"))
    refused = browser.submit("/settings/ssh-keys", {"name": "Tablet", "key": "ssh-ed25519 AAAA"}, "/settings")
    assert 'value="Tablet"' in refused.text  # what was typed is not lost
    assert browser.submit("/settings/ssh-keys", {"name": "<b>L", "key": key(1)}, "/settings").status_code == 303
    page = browser.get("/settings").text
    user = store.users.get("alice")
    assert user is not None
    assert user.ssh_keys[0].fingerprint in page
    assert "&lt;b&gt;L" in page
    assert "<b>L" not in page
    browser.submit("/settings/ssh-keys/remove", {"key": user.ssh_keys[0].id}, "/settings")
    assert user.ssh_keys[0].fingerprint not in browser.get("/settings").text


def test_a_change_tells_the_nodes_of_every_started_project_once(kit: Kit, store: Store, project: Project) -> None:
    alice = store.users.get("alice")
    assert alice is not None
    kit.project(alice, "never-started")
    bob = kit.api(store.users.get("bob"))
    first = bob.post("/ssh-keys", {"key": key(1)}).json
    bob.post("/ssh-keys", {"key": key(2)})
    assert waiting(store) == [("apply-settings", "alice/demo")]
    spec = node_spec(store, project)
    told = spec.members[0].ssh_keys
    assert told is not None
    assert told.lines == (key(1), key(2))
    bob.delete(f"/ssh-keys/{first['id']}")
    later = node_spec(store, project).members[0].ssh_keys
    assert later is not None
    assert later.lines == (key(2),)
    assert later.revision > told.revision
    assert waiting(store) == [("apply-settings", "alice/demo")]


def test_a_closed_account_has_no_keys(kit: Kit, store: Store, project: Project) -> None:
    kit.api(store.users.get("bob")).post("/ssh-keys", {"key": key(1)})
    kit.services.accounts.remove("bob", actor="test", leave_teams=kit.services.team.leave_all)
    assert ("apply-permissions", "alice/demo") in waiting(store)
    left = store.projects.by_id(project.id)
    assert left is not None
    assert node_spec(store, left).members == ()
    again = kit.user("bob")
    assert again.ssh_keys == ()


def test_gateways_are_told_no_keys(kit: Kit, gateway_site: GatewaySite) -> None:
    alice = kit.user("alice")
    kit.project(alice)
    kit.api(alice).post("/ssh-keys", {"key": key(1)})
    answer = gateway_site.decide("alice", "demo", token=kit.token(alice))
    assert answer.json["project"]["owner"]["name"] == "alice"
    assert key(1).split()[1] not in answer.text


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"memory_max": "1G", "tasks_max": 100, "cpu_quota_percent": 50}, None),
        ({"memory_max": "268435456"}, None),
        ({}, None),
        ({"memory_max": "255M"}, "limit_too_small"),
        ({"memory_max": "0"}, "body_invalid"),
        ({"memory_max": "1g"}, "body_invalid"),
        ({"memory_max": "infinity"}, "body_invalid"),
        ({"memory_max": "1G\nX=1"}, "body_invalid"),
        ({"memory_max": 1024}, "body_invalid"),
        ({"tasks_max": 15}, "body_invalid"),
        ({"tasks_max": "100"}, "body_invalid"),
        ({"cpu_quota_percent": 0}, "body_invalid"),
        ({"swap_max": "1G"}, "body_invalid"),
    ],
)
def test_limits_are_set_by_superusers_in_one_form(
    kit: Kit, store: Store, project: Project, limits: dict[str, Any], code: str | None
) -> None:
    root = kit.api(kit.user("root2", "superuser"))
    answer = root.patch("/projects/alice/demo", {"limits": limits})
    if code is not None:
        assert (answer.status_code, answer.json["error"]["code"]) == (422, code)
        assert waiting(store) == []
        return
    wanted = {"memory_max": None, "tasks_max": None, "cpu_quota_percent": None} | limits
    assert answer.json["limits"] == wanted
    changed = store.projects.by_id(project.id)
    assert changed is not None
    assert node_spec(store, changed).limits.model_dump() == wanted
    assert waiting(store) == ([("apply-settings", "alice/demo")] if limits else [])


@pytest.mark.parametrize("name", ["alice", "bob", "stranger", "helga"])
def test_nobody_else_sets_limits(kit: Kit, store: Store, project: Project, name: str) -> None:
    user = store.users.get(name) or kit.user(name, *(["staff"] if name == "helga" else []))
    answer = kit.api(user).patch("/projects/alice/demo", {"limits": {}})
    assert answer.status_code == (404 if name == "stranger" else 403)
    browser = kit.browser(user)
    browser.submit("/alice/demo/limits", {"memory_max": "1G"}, "/settings")
    found = store.projects.by_id(project.id)
    assert found is not None
    assert found.limits.memory_max is None


@pytest.mark.usefixtures("project")
def test_limits_and_hosts_are_shown_to_the_team(kit: Kit, store: Store) -> None:
    admin = kit.browser(kit.user("root2", "superuser"))
    settings = "/alice/demo/settings"
    assert admin.submit("/alice/demo/limits", {"memory_max": "8G", "tasks_max": "300"}, settings).status_code == 303
    assert 'value="8G"' in admin.get(settings).text
    admin.submit("/alice/demo/limits", {"memory_max": "much"}, settings)
    assert "memory_max cannot be used" in admin.get(settings).text
    for name in ("alice", "bob"):
        page = kit.browser(store.users.get(name)).get("/alice/demo").text
        assert "memory 8G, 300 processes and threads" in page
        assert f"ssh {name}@east-1.test" in page
        api = kit.api(store.users.get(name)).get("/projects/alice/demo").json
        assert api["ssh_hosts"] == ["east-1.test"]
    assert kit.api(store.users.get("root2")).get("/projects/alice/demo").json["ssh_hosts"] == []
    assert "/alice/demo/limits" not in kit.browser(store.users.get("alice")).get(settings).text
