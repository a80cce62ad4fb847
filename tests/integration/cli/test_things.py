# SPDX-License-Identifier: GPL-3.0-or-later
"""wk-server-admin over users, groups, projects, nodes, tokens and tasks; its output and exit codes; the summary."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.cli.test_server_admin import Command, admin, parts, prefix
from tests.serverkit import authorize
from wakari.cli import server_admin, server_summary
from wakari.server.services import Services

__all__ = ["admin", "parts", "prefix"]


@pytest.fixture
def furnished(admin: Command, parts: Services) -> Command:
    place, _ = parts.sites.register("east", "http://east.test:8089", "", actor="test")
    parts.sites.add_node("e1", place.id, "http://e1.test:5002", "", actor="test")
    for name in ("alice", "bob"):
        assert admin("users", "add", name)["changed"] is True
    return admin


def test_users(furnished: Command) -> None:
    assert [user["name"] for user in furnished("users")] == ["alice", "bob"]
    change = ("users", "change", "alice", "--email", "a@example.org", "--add-role", "staff")
    assert furnished(*change) == {"changed": True, "user": "alice"}
    assert furnished(*change) == {"changed": False, "user": "alice"}
    shown = furnished("users", "show", "alice")
    assert (shown["email"], shown["roles"]) == ("a@example.org", ["staff"])
    assert "password_hash" not in shown
    assert [user["name"] for user in furnished("users", "list", "--role", "staff")] == ["alice"]
    assert furnished("users", "change", "alice", "--remove-role", "staff")["changed"] is True
    assert furnished("users", "remove", "bob")["changed"] is True
    furnished("users", "change", "bob", "--email", "b@example.org")
    assert furnished.code == server_admin.EXIT_REFUSED


def test_groups(furnished: Command) -> None:
    assert furnished("groups", "add", "physics", "--member", "alice") == {"changed": True, "group": "physics"}
    change = ("groups", "change", "physics", "--add-member", "bob", "--remove-member", "alice", "--summary", "P")
    assert furnished(*change)["changed"] is True
    assert furnished(*change)["changed"] is False
    assert furnished("groups", "show", "physics") == {
        "name": "physics", "summary": "P", "source": "local", "members": ["bob"],
    }  # fmt: skip
    assert [user["name"] for user in furnished("users", "list", "--group", "physics")] == ["bob"]
    assert furnished("users", "list", "--source", "ldap") == furnished("groups", "list", "--source", "ldap") == []
    assert [one["name"] for one in furnished("groups", "list", "--source", "local")] == ["physics"]
    assert furnished("groups", "remove", "physics")["changed"] is True
    assert furnished("groups", "remove", "physics")["changed"] is False
    assert furnished("groups") == []


def test_projects_and_their_tasks(furnished: Command, parts: Services) -> None:
    added = furnished("projects", "add", "alice/demo", "--summary", "First", "--private")
    assert added == {"changed": True, "project": "alice/demo", "nodes": ["e1"]}
    assert furnished("projects", "change", "alice/demo", "--public")["changed"] is True
    assert furnished("projects", "change", "alice/demo", "--public")["changed"] is False
    for changed in (True, False):
        assert furnished("projects", "change", "alice/demo", "--description", "# Ice")["changed"] is changed
    shown = furnished("projects", "show", "alice/demo")
    assert shown["description"] == "# Ice"
    assert (shown["summary"], shown["public"], shown["data_center"]) == ("First", True, "east")
    place = parts.store.data_centers.find("east")
    assert place
    parts.sites.add_node("e2", place.id, "http://e2.test:5002", "", actor="test")
    move = ("projects", "move", "alice/demo", "--node", "e1", "--node", "e2")
    there = {"project": "alice/demo", "nodes": ["e1", "e2"], "task": None}
    assert furnished(*move) == {"changed": True, **there}
    assert furnished(*move) == {"changed": False, **there}
    started = furnished("projects", "start", "alice/demo")
    assert (started["changed"], started["state"]) == (True, "queued")
    assert [one["name"] for one in furnished("projects", "list", "--owner", "alice", "--state", "starting")] == ["demo"]
    assert furnished("projects", "list", "--owner", "bob") == []
    assert [one["id"] for one in furnished("tasks", "list", "--verb", "start-project")] == [started["task"]]
    assert furnished("tasks", "show", started["task"])["project"] == "alice/demo"
    for wrong in ("demo", "alice/nothing"):
        furnished("projects", "show", wrong)
        assert furnished.code == server_admin.EXIT_REFUSED
    event = next(event for event in parts.store.audit.latest(20) if event.event == "project.start")
    assert event.actor == "wk-server-admin"


def test_a_dead_task_is_queued_again_and_discarded(furnished: Command, parts: Services) -> None:
    furnished("projects", "add", "alice/demo")
    task = furnished("projects", "start", "alice/demo")["task"]

    def bury() -> None:
        held = parts.store.tasks.claim("w", 60)
        assert held is not None
        error = {"code": "unreachable", "message": "e1 cannot be reached.", "hint": ""}
        parts.store.transaction(lambda tx: parts.store.tasks.finish(held, "w", error, tx, dead=True))
        parts.store.transaction(lambda tx: parts.store.projects.settle(held.project_id, task, "error", "Away.", tx))

    furnished("tasks", "discard", task)
    assert furnished.code == server_admin.EXIT_REFUSED
    bury()
    assert [one["error"] for one in furnished("tasks", "list", "--state", "dead")] == ["e1 cannot be reached."]
    assert furnished("tasks", "requeue", task)["state"] == "queued"
    bury()
    assert furnished("tasks", "discard", task)["state"] == "cancelled"


def test_nodes_and_data_centers(furnished: Command) -> None:
    add = ("nodes", "add", "e2", "--data-center", "east", "--url", "http://e2.test:5002")
    assert furnished(*add) == {"changed": True, "node": "e2"}
    assert furnished(*add)["changed"] is False
    assert furnished("nodes", "change", "e2", "--drain")["changed"] is True
    assert furnished("nodes", "change", "e2", "--drain")["changed"] is False
    assert furnished("nodes", "show", "e2")["drained"] is True
    assert furnished("nodes", "change", "e2", "--no-drain")["changed"] is True
    assert [node["name"] for node in furnished("nodes", "list", "--data-center", "east")] == ["e1", "e2"]
    furnished("nodes", "list", "--data-center", "west")
    assert furnished.code == server_admin.EXIT_REFUSED
    assert furnished("nodes", "remove", "e2")["changed"] is True
    assert furnished("data-centers", "show", "east")["name"] == "east"


def test_tokens(furnished: Command, parts: Services) -> None:
    secret = furnished.plain("tokens", "add", "--user", "alice", "--expires-in", "60").strip()
    user = parts.sign_in.resume_token(secret)
    assert user is not None
    assert user.name == "alice"
    (listed,) = furnished("tokens", "list", "--user", "alice")
    assert secret not in json.dumps(furnished("tokens", "show", listed["id"]))
    assert furnished("tokens", "list", "--user", "bob") == []
    assert furnished("tokens", "remove", listed["id"]) == {"changed": True, "user": "alice"}
    assert parts.sign_in.resume_token(secret) is None
    furnished("tokens", "remove", listed["id"])
    assert furnished.code == server_admin.EXIT_REFUSED


def test_authorizations(furnished: Command, parts: Services) -> None:
    east = parts.store.data_centers.find("east")
    assert east is not None
    made = [authorize(parts, user, east.id) for user in ("alice", "alice", "bob")]
    listed = furnished("authorizations", "list", "--user", "bob")
    assert [(one["id"], one["user"], one["data_center"]) for one in listed] == [(made[2].id, "bob", "east")]
    assert furnished("authorizations", "remove", made[2].id) == {"changed": True, "user": "bob"}
    assert {one["user"] for one in furnished("authorizations")} == {"alice"}
    assert furnished("authorizations", "remove-all", "alice") == {"changed": True, "user": "alice", "revoked": 2}
    assert furnished("authorizations", "remove-all", "alice")["changed"] is False
    furnished("authorizations", "remove", made[0].id)
    assert furnished.code == server_admin.EXIT_REFUSED


def test_a_query_prints_what_is_asked(furnished: Command) -> None:
    assert furnished("users", "--query", "[?name=='alice'].uid | [0]") >= 20000
    assert furnished.plain("--query", "[].name", "users").split() == ["alice", "bob"]
    assert furnished.plain("users", "--output", "table", "--query", "[].{who: name}").split() == ["who", "alice", "bob"]
    furnished("users", "add", "carol", "--query", "[?")
    assert furnished.code == server_admin.EXIT_REFUSED
    assert "JMESPath" in furnished.err
    assert [user["name"] for user in furnished("users")] == ["alice", "bob"], "nothing is done for a query with a slip"


@pytest.mark.parametrize("arguments", [("users", "nothing"), ("nonsense",), ("users", "--output", "xml"), ()])
def test_wrong_usage_ends_with_2(furnished: Command, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as caught:
        furnished(*arguments)
    assert caught.value.code == 2


def test_the_summary(furnished: Command, prefix: Path, capsys: pytest.CaptureFixture[str]) -> None:
    furnished("projects", "add", "alice/demo")
    code = server_summary.main([*furnished.files, "--output", "json"])
    told = json.loads(capsys.readouterr().out)
    assert code == server_summary.EXIT_DEGRADED, "no worker speaks"
    assert (told["numbers"]["users"], told["numbers"]["projects"]) == (2, 1)
    assert {one["name"]: one["status"] for one in told["dependencies"]}["worker"] == "down"
    assert [(node["name"], node["projects"]) for node in told["nodes"]] == [("e1", 1)]
    server_summary.main(furnished.files)
    text = capsys.readouterr().out
    assert "Dependencies" in text
    assert "e1" in text
    assert server_summary.main([*furnished.files, "--query", "nodes[0].name"]) == server_summary.EXIT_DEGRADED
    assert capsys.readouterr().out == "e1\n"
    (prefix / "etc/wakari/mongodb-uri").write_text("mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=200\n")
    assert server_summary.main(furnished.files) == server_summary.EXIT_DATABASE
