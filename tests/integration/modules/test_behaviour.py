# SPDX-License-Identifier: GPL-3.0-or-later
"""What the table does not ask: refusals and their words, few requests, retries, secrets, teams that are added to."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from tests.integration.modules.conftest import Live

BAD: list[tuple[str, dict[str, Any], str]] = [
    ("user", {"name": "Erin", "initial_password": "long enough"}, "lower-case letters"),
    ("user", {"name": "erin", "initial_password": "short"}, "8 to 256 characters"),
    ("user", {"name": "erin"}, "Give initial_password"),
    ("user", {"name": "alice", "roles": ["king"]}, "value of roles must be one or more of"),
    ("user", {"name": "alice", "email": "nowhere"}, "name@host"),
    ("user", {"name": "wakari", "state": "absent"}, "own account"),
    ("group", {"name": "maths", "members": ["nobody-here"]}, "no user 'nobody-here'"),
    ("project", {"owner": "nobody-here", "name": "p"}, "Add the user first"),
    ("project", {"owner": "alice", "name": "1st"}, "beginning with a letter"),
    ("project", {"owner": "alice", "name": "p", "members": [{"user": "alice"}]}, "Name another person"),
    ("project", {"owner": "alice", "name": "p", "groups": [{"group": "none"}]}, "no group 'none'"),
    ("project", {"owner": "alice", "name": "p", "data_center": "north"}, "no such data center"),
    ("project", {"owner": "alice", "name": "demo", "data_center": "west"}, "given at creation"),
    ("project", {"owner": "alice", "name": "demo", "tags": ["No Tag"]}, "lower-case letters, digits and '-'"),
    ("project", {"owner": "nobody-here", "former_owner": "alice", "name": "demo"}, "no user 'nobody-here'"),
    ("project", {"owner": "../x", "name": "demo"}, "Add the user first"),
    ("project_member", {"project": "alice", "user": "bob"}, "owner and name"),
    ("project_member", {"project": "alice/none", "user": "bob"}, "no such project"),
    ("project_member", {"project": "alice/demo", "user": "bob", "group": "physics"}, "mutually exclusive"),
    ("project_member", {"project": "alice/demo"}, "one of the following is required: user, group"),
    ("project_state", {"project": "alice/none"}, "no such project"),
    ("compute_node", {"name": "n9"}, "Give url and data_center"),
    ("compute_node", {"name": "n9", "state": "drained"}, "Check its name"),
    ("compute_node", {"name": "n9", "url": "ftp://x", "data_center": "east"}, "http://host:port"),
    ("compute_node", {"name": "east-1", "state": "absent"}, "Move these projects to other nodes"),
    ("data_center", {"name": "west"}, "secret_dest"),
    ("data_center", {"name": "west", "url": "http://w.test", "secret_dest": "/nowhere/x"}, "Make it first"),
    ("token", {"name": "t", "secret_dest": "/tmp/never-written"}, "Set username and password"),
    ("token", {"name": "t"}, "secret_dest"),
    ("setting", {"announcement": "two\nlines"}, "one line"),
    ("users", {"users": [{"name": "alice"}, {"name": "alice"}]}, "Name each once"),
    ("project_info", {"query": "[?"}, "no JMESPath expression"),
    ("project_info", {"query": "sum([].name)"}, "cannot be applied"),
]


@pytest.fixture
def demo(live: Live) -> Live:
    alice = live.kit.services.store.users.get("alice")
    assert alice
    live.kit.project(alice, nodes=["east-1"], data_center="east")
    live.forget()
    return live


def test_each_refusal_says_what_is_wrong_and_what_to_do(demo: Live) -> None:
    wrong = []
    for module, arguments, words in BAD:
        said = demo.refused(module, **arguments)
        if words not in said or "Traceback" in said:
            wrong.append((module, arguments, said))
    assert not wrong, "\n".join(map(str, wrong))


def test_who_asks_and_where_is_said_when_it_is_missing_or_wrong(demo: Live) -> None:
    for changes, words in (
        ({"token": ""}, "AEN_TOKEN"),
        ({"token": "wk_wrong"}, "not valid any more"),
        ({"username": "alice", "password": "wrong password"}, "password is wrong"),
        ({"server_url": ""}, "AEN_SERVER_URL"),
        ({"server_url": "http://127.0.0.1:1/path"}, "host and port alone"),
        ({"server_url": "http://127.0.0.1:1", "retries": 0}, "cannot be reached"),
        ({"server_url": "http://127.0.0.1:1", "timeout": 0}, "at least 1 second"),
    ):
        said = demo.refused("user_info", **changes)
        assert words in said, (changes, said)
        assert "wrong password" not in said


def test_a_thousand_words_of_the_server_come_with_its_request_id(demo: Live) -> None:
    answer = demo.run("project_member", project="alice/none", user="bob")
    assert (answer["code"], answer["status"]) == ("project_not_found", 404)
    assert answer["request_id"] in answer["msg"]


def test_a_password_signs_in_for_one_run_alone(demo: Live) -> None:
    answer = demo.good("project_info", username="alice", password="correct horse battery", check=True)
    assert [item["name"] for item in answer["projects"]] == ["demo"]
    assert [asked.split("/")[-1][:6] for asked in demo.writes] == ["tokens", demo.writes[1].split("/")[-1][:6]]
    assert [asked.split()[0] for asked in demo.writes] == ["POST", "DELETE"]
    assert demo.kit.services.store.tokens.of("alice") == []


def test_many_projects_cost_one_list_and_one_request_each(demo: Live) -> None:
    projects = [
        {"owner": "alice", "name": f"p{number}", "members": [{"user": "bob"}], "groups": [{"group": "physics"}]}
        for number in range(30)
    ]
    made = demo.good("projects", projects=projects)
    assert len(made["created"]) == 30
    assert made["requests"] == len(demo.seen) == 31
    demo.forget()
    again = demo.good("projects", projects=projects)
    assert (again["changed"], again["requests"], demo.seen) == (False, 1, ["GET /api/v1/projects"])
    found = demo.kit.services.store.projects.get("alice", "p7")
    assert found
    assert [entry.user for entry in found.members] == ["bob"]


def test_the_projects_of_others_are_not_read_but_to_purge(demo: Live) -> None:
    bob = demo.kit.services.store.users.get("bob")
    assert bob
    for number in range(201):
        demo.kit.services.store.projects.insert(
            owner="bob", name=f"q{number}", summary="", public=False, data_center="", nodes=["east-1"]
        )
    projects = [{"owner": "alice", "name": f"p{number}"} for number in range(21)]
    demo.forget()
    assert demo.good("projects", projects=projects, check=True)["requests"] == 1
    purged = demo.good("projects", projects=projects, purge=True, check=True)
    assert purged["requests"] == 2
    assert len(purged["removed"]) == 202
    assert demo.writes == []


def test_one_that_fails_stops_no_other_and_all_are_told(demo: Live) -> None:
    projects = [{"owner": owner, "name": "p"} for owner in ("alice", "nobody-here", "bob", "never-was")]
    answer = demo.run("projects", projects=projects)
    assert answer["failed"]
    assert answer["created"] == ["alice/p", "bob/p"]
    assert [failure["name"] for failure in answer["failures"]] == ["nobody-here/p", "never-was/p"]
    assert "nobody-here/p" in answer["msg"]
    assert "1 more" in answer["msg"]


def test_administrators_are_never_purged(demo: Live) -> None:
    answer = demo.good("users", users=[{"name": name} for name in ("alice", "bob")], purge=True)
    assert answer["removed"] == ["carol", "dave"]
    assert demo.kit.services.store.users.get("wakari")


def test_append_takes_nobody_out(demo: Live) -> None:
    demo.good("group", name="physics", members=["alice"], append=True)
    assert demo.kit.services.groups.people("physics") == ["alice", "bob"]
    demo.good("project", owner="alice", name="demo", members=[{"user": "bob"}])
    demo.good("project", owner="alice", name="demo", members=[{"user": "carol", "role": "viewer"}], append=True)
    found = demo.kit.services.store.projects.get("alice", "demo")
    assert found
    assert {entry.user: entry.role for entry in found.members} == {"bob": "member", "carol": "viewer"}


def test_a_project_moves_with_one_request_and_once(demo: Live) -> None:
    wanted: dict[str, Any] = {"owner": "alice", "name": "demo", "nodes": ["east-2", "east-1"]}
    looked = demo.good("project", **wanted, check=True)
    assert (looked["changed"], looked["diff"]["after"]["nodes"], demo.writes) == (True, ["east-1", "east-2"], [])
    moved = demo.good("project", **wanted)
    assert demo.writes == ["PUT /api/v1/projects/alice/demo/nodes"]
    assert (moved["diff"]["before"]["nodes"], moved["project"]["nodes"]) == (["east-1"], ["east-1", "east-2"])
    assert demo.good("project", **wanted)["changed"] is False


def test_a_project_whose_files_nodes_do_not_share_is_told_to_stay(demo: Live) -> None:
    found = demo.kit.services.store.projects.get("alice", "demo")
    assert found
    demo.kit.services.store.projects.mark_started(found.id)
    said = demo.refused("project", owner="alice", name="demo", nodes=["east-2"])
    assert "alice/demo was not moved" in said
    assert "east-2 does not see the folder of alice/demo that east-1 has." in said
    assert demo.good("project_info", owner="alice")["projects"][0]["nodes"] == ["east-1"]


def test_a_project_changes_hands_with_one_request_and_once(demo: Live) -> None:
    demo.good("project", owner="alice", name="demo", members=[{"user": "bob"}, {"user": "carol"}], tags=["ice"])
    demo.forget()
    wanted: dict[str, Any] = {"owner": "bob", "former_owner": "alice", "name": "demo"}
    handed = demo.good("project", **wanted, members=[{"user": "alice", "role": "viewer"}], append=True)
    assert demo.writes == ["POST /api/v1/projects/alice/demo/transfer"]
    assert (handed["diff"]["before"]["owner"], handed["diff"]["after"]["owner"]) == ("alice", "bob")
    found = demo.kit.services.store.projects.get("bob", "demo")
    assert found
    assert {entry.user: entry.role for entry in found.members} == {"alice": "viewer", "carol": "member"}
    assert found.tags == ("ice",)
    assert demo.good("project", **wanted)["changed"] is False
    # The former owner may have another one of this name by now: it is left alone.
    demo.good("project", owner="alice", name="demo")
    assert demo.good("project", **wanted)["changed"] is False
    demo.good("project", **wanted, state="absent")
    assert demo.good("project", **wanted, state="absent")["changed"] is False
    assert demo.kit.services.store.projects.get("alice", "demo")


def test_what_somebody_changed_between_reading_and_writing_is_looked_at_again(demo: Live) -> None:
    def meddle(asked: str) -> None:
        if asked == "PATCH /api/v1/groups/physics" and demo.writes == [asked]:
            demo.kit.services.groups.update("physics", "Theirs", actor="somebody")

    demo.answer = meddle  # type: ignore[assignment]
    answer = demo.good("group", name="physics", members=["bob", "carol"])
    assert demo.writes == ["PATCH /api/v1/groups/physics"] * 2
    assert answer["group"]["summary"] == "Theirs"
    assert answer["group"]["members"] == ["bob", "carol"]


def test_a_busy_server_is_asked_again_but_a_post_is_not_sent_twice(demo: Live) -> None:
    left = [2]

    def twice(asked: str) -> tuple[str, list[tuple[str, str]]] | None:
        if asked.startswith("GET") and left[0]:
            left[0] -= 1
            return "503 SERVICE UNAVAILABLE", [("Retry-After", "0")]
        return None

    demo.answer = twice
    assert demo.good("user_info")["users"]
    assert len(demo.seen) == 3
    demo.forget()
    demo.answer = lambda asked: ("503 SERVICE UNAVAILABLE", []) if asked.startswith("POST") else None
    said = demo.refused("group", name="maths")
    assert "HTTP 503" in said
    assert demo.writes == ["POST /api/v1/groups"]


def test_an_address_that_leads_elsewhere_is_told_with_where_it_leads(demo: Live) -> None:
    demo.answer = lambda _: ("301 MOVED PERMANENTLY", [("Location", "https://aen.test/api/v1/users?limit=200")])
    said = demo.refused("user_info")
    assert "Set server_url to where it leads: https://aen.test." in said


def test_secrets_are_in_their_files_and_in_no_answer(demo: Live, tmp_path: Path) -> None:
    given = {"name": "nightly", "username": "alice", "password": "correct horse battery"}
    answer = demo.good("token", secret_dest=str(tmp_path / "token"), **given)
    secret = (tmp_path / "token").read_text().strip()
    assert demo.kit.services.sign_in.resume_token(secret)
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    assert secret not in str(answer)
    assert "correct horse battery" not in str(answer)
    center = demo.good("data_center", name="west", url="http://w.test", secret_dest=str(tmp_path / "secret"))
    place = demo.kit.services.store.data_centers.find("west")
    assert place
    assert demo.kit.services.sites.secret(place) == (tmp_path / "secret").read_text().strip()
    assert (tmp_path / "secret").read_text().strip() not in str(center)
    created = demo.good("user", name="erin", initial_password="a secret of erin's", update_password="always")
    assert "a secret of erin's" not in str(created)
    again = demo.good("user", name="erin", initial_password="a secret of erin's", update_password="always")
    assert again["changed"]
    assert "a secret of erin's" not in str(again)


def test_files_of_removed_projects_are_archived_unless_it_is_said(demo: Live) -> None:
    demo.good("projects", projects=[{"owner": "bob", "name": name} for name in ("kept", "gone", "purged")])
    demo.forget()
    demo.good("project", owner="bob", name="kept", state="absent")
    demo.good("project", owner="bob", name="gone", state="absent", files="delete")
    demo.good("projects", projects=[{"owner": "alice", "name": "demo"}], purge=True, files="delete")
    told = [event for event in demo.kit.services.store.audit.latest(20) if event.event == "project.delete"]
    assert {event.subject: event.detail["files"] for event in told} == {
        "bob/kept": "archive", "bob/gone": "delete", "bob/purged": "delete",
    }  # fmt: skip


def test_infos_list_and_query(demo: Live) -> None:
    demo.good("project", owner="bob", name="shared", groups=[{"group": "physics", "role": "viewer"}])
    assert demo.good("project_info", owner="bob", query="[].name")["result"] == ["shared"]
    assert demo.good("project_info", owner="bob", name="none")["projects"] == []
    assert demo.good("user_info", name="alice", query="[0].uid")["result"] == 20001
    assert demo.good("user_info", name="nobody-here")["users"] == []
    assert demo.good("group_info", query="[?contains(members, 'bob')].name")["result"] == ["physics"]
    demo.kit.services.store.groups.add("follows", "", "ldap")
    assert demo.good("group_info", source="ldap", query="[].name")["result"] == ["follows"]
    assert demo.good("user_info", source="ldap")["users"] == []
    team = demo.good("project_member_info", project="bob/shared", resolve=True)["members"]
    assert [(entry["user"], entry["group"], entry["role"]) for entry in team] == [
        ("bob", None, "owner"), (None, "physics", "viewer"), ("bob", "physics", "viewer"),
    ]  # fmt: skip
    assert [node["name"] for node in demo.good("compute_node_info")["compute_nodes"]] == ["east-1", "east-2"]
    assert [center["name"] for center in demo.good("data_center_info", name="east")["data_centers"]] == ["east"]
    assert demo.good("project_state_info", node="east-1")["states"][0]["state"] == "stopped"
    assert demo.good("setting_info", query="[0].announcement")["result"] == ""
    assert {token["name"] for token in demo.good("token_info")["tokens"]} == {"test"}
    assert demo.writes[1:] == []


def test_a_project_starts_stops_and_says_why_not(demo: Live) -> None:
    started = demo.good("project_state", project="alice/demo")
    assert (started["changed"], started["project"]["state"]) == (True, "running")
    demo.forget()
    assert demo.good("project_state", project="alice/demo")["changed"] is False
    assert demo.good("project_state", project="alice/demo", state="stopped", check=True)["changed"] is True
    assert demo.writes == []
    assert demo.good("project_state", project="alice/demo", state="stopped")["project"]["state"] == "stopped"
    error = {"code": "uid_differs", "message": "alice exists with another uid.", "hint": ""}
    demo.stand.answer = lambda _: iter([{"error": error}])
    said = demo.refused("project_state", project="alice/demo", wait_timeout=60)
    assert "alice/demo failed" in said
    assert "alice exists with another uid." in said
