# SPDX-License-Identifier: GPL-3.0-or-later
"""Groups of users: what they open, on every plane, and that nothing stays open when somebody or something leaves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.serverkit import Api, GatewaySite, Kit
from wakari.projects.members import MAX_MEMBERS
from wakari.projects.spec import project_spec
from wakari.store.records import Project


@dataclass
class Team:
    """alice's project, with the group `physics` (bob, carol) as viewers."""

    kit: Kit
    admin: Api
    gateway: GatewaySite

    @property
    def project(self) -> Project:
        found = self.kit.services.store.projects.get("alice", "demo")
        assert found
        return found

    def api(self, name: str) -> Api:
        user = self.kit.services.store.users.get(name)
        assert user
        return self.kit.api(user)

    def level(self, name: str) -> str:
        answer = self.gateway.decide("alice", "demo", token=self.api(name).token)
        return str(answer.json["level"])

    def on_disk(self) -> dict[str, str]:
        spec = project_spec(self.kit.services.store, self.project)
        return {member.name: member.role for member in spec.members}

    def permission_tasks(self) -> int:
        tasks = self.kit.services.store.tasks.of_project(self.project.id, 100)
        return sum(task.verb == "apply-permissions" and task.state == "queued" for task in tasks)

    def settle(self) -> None:
        self.kit.services.store.database.tasks.delete_many({})


@pytest.fixture
def team(kit: Kit, gateway_site: GatewaySite) -> Team:
    admin = kit.api(kit.user("wakari", "superuser"))
    for name in ("alice", "bob", "carol", "dave"):
        kit.user(name)
    made = admin.post("/groups", {"name": "physics", "summary": "Institute", "members": ["carol", "bob"]})
    assert (made.status_code, made.json["members"]) == (201, ["bob", "carol"]), made.text
    team = Team(kit, admin, gateway_site)
    body = {"name": "demo", "groups": [{"group": "physics", "role": "viewer"}], "members": [{"user": "dave"}]}
    created = team.api("alice").post("/projects", body)
    assert created.status_code == 201, created.text
    kit.services.store.projects.mark_started(team.project.id)
    team.settle()
    return team


def test_a_group_opens_the_project_to_everybody_in_it_on_every_plane(team: Team) -> None:
    assert team.level("bob") == team.level("carol") == "read"
    assert team.on_disk() == {"bob": "viewer", "carol": "viewer", "dave": "member"}
    listed = team.api("bob").get("/projects").json["items"]
    assert [(item["name"], item["groups"]) for item in listed] == [("demo", [{"group": "physics", "role": "viewer"}])]
    assert "demo" in team.kit.browser(team.kit.services.store.users.get("bob")).get("/").text


def test_the_higher_of_two_roles_counts(team: Team) -> None:
    team.api("alice").put("/projects/alice/demo/members/bob", {"role": "member"})
    assert team.level("bob") == "write"
    assert team.on_disk()["bob"] == "member"
    team.api("alice").put("/projects/alice/demo/groups/physics", {"role": "member"})
    team.api("alice").put("/projects/alice/demo/members/bob", {"role": "viewer"})
    assert team.level("bob") == team.level("carol") == "write"
    assert team.on_disk()["bob"] == "member"


def test_who_leaves_a_group_leaves_its_projects(team: Team) -> None:
    left = team.admin.delete("/groups/physics/members/bob")
    assert (left.status_code, left.json["members"]) == (200, ["carol"])
    assert team.level("bob") == "none"
    assert "bob" not in team.on_disk()
    assert team.permission_tasks() == 1
    team.settle()
    assert team.admin.delete("/groups/physics/members/bob").status_code == 200
    assert team.permission_tasks() == 0


def test_who_joins_a_group_joins_its_projects(team: Team) -> None:
    joined = team.admin.put("/groups/physics/members/wakari")
    assert joined.json["members"] == ["bob", "carol", "wakari"]
    assert (team.level("wakari"), team.on_disk()["wakari"]) == ("read", "viewer")
    assert team.permission_tasks() == 1


def test_the_owner_in_a_group_stays_the_owner(team: Team) -> None:
    team.admin.put("/groups/physics/members/alice")
    assert team.level("alice") == "admin"
    assert "alice" not in team.on_disk()


def test_a_removed_group_opens_nothing_and_neither_does_a_new_one_of_its_name(team: Team) -> None:
    assert team.admin.delete("/groups/physics").status_code == 204
    assert team.level("bob") == "none"
    assert team.project.groups == ()
    assert team.permission_tasks() == 1
    again = team.admin.post("/groups", {"name": "physics"})
    assert again.json["members"] == []
    assert team.level("bob") == "none"


def test_a_closed_account_leaves_its_groups_for_good(team: Team) -> None:
    assert team.admin.delete("/users/bob").status_code == 204
    assert team.permission_tasks() == 1
    assert "bob" not in team.on_disk()
    assert team.admin.get("/groups/physics").json["members"] == ["carol"]
    team.kit.user("bob")
    assert team.level("bob") == "none"
    assert team.admin.get("/users/bob").json["groups"] == []


def test_the_whole_team_is_set_in_one_call_or_not_at_all(team: Team) -> None:
    alice = team.api("alice")
    bad = alice.patch("/projects/alice/demo", {"members": [{"user": "nobody-here"}], "groups": []})
    assert (bad.status_code, bad.json["error"]["code"]) == (422, "user_unknown")
    bad = alice.patch("/projects/alice/demo", {"members": [], "groups": [{"group": "no-such"}]})
    assert (bad.status_code, bad.json["error"]["code"]) == (422, "group_unknown")
    assert team.on_disk() == {"bob": "viewer", "carol": "viewer", "dave": "member"}
    good = alice.patch("/projects/alice/demo", {"members": [{"user": "carol", "role": "member"}], "groups": []})
    assert good.json["members"] == [{"user": "carol", "role": "member"}]
    assert team.on_disk() == {"carol": "member"}
    assert team.permission_tasks() == 1
    assert team.api("carol").patch("/projects/alice/demo", {"members": []}).status_code == 403


def test_a_team_with_its_groups_stays_within_what_an_acl_holds(team: Team) -> None:
    store = team.kit.services.store
    for number in range(MAX_MEMBERS):
        store.users.add(f"u{number}", password_hash="", full_name="", email="", roles=[])
    names = [f"u{number}" for number in range(MAX_MEMBERS)]
    assert team.admin.post("/groups", {"name": "crowd", "members": names}).status_code == 201
    full = team.api("alice").put("/projects/alice/demo/groups/crowd", {"role": "viewer"})
    assert (full.status_code, full.json["error"]["code"]) == (422, "team_full")
    assert [entry.group for entry in team.project.groups] == ["physics"]
    team.api("alice").patch("/projects/alice/demo", {"members": [], "groups": [{"group": "crowd"}]})
    late = team.admin.put("/groups/crowd/members/dave")
    assert (late.status_code, late.json["error"]["code"]) == (422, "team_full")
    assert "dave" not in team.admin.get("/groups/crowd").json["members"]


def test_a_change_of_one_group_keeps_what_others_changed_meanwhile(team: Team) -> None:
    alice = team.kit.caller(team.kit.services.accounts.get("alice"))
    change = team.kit.services.team
    for name in ("maths", "history"):
        team.admin.post("/groups", {"name": name})
    read = team.project  # what two requests read at the same moment
    change.remove_group(alice, read, "physics")
    change.put_group(alice, read, "maths", "viewer")
    assert [entry.group for entry in team.project.groups] == ["maths"], "who was put out comes back by nobody's wish"
    assert team.level("bob") == "none"
    read = team.project
    change.put_group(alice, read, "history", "viewer")
    change.put_group(alice, read, "maths", "member")
    change.remove_group(alice, read, "physics")
    assert [(entry.group, entry.role) for entry in team.project.groups] == [("maths", "member"), ("history", "viewer")]
    log = team.kit.services.store.database.audit.find(
        {"event": {"$regex": "^project.team"}, "detail.group": {"$gt": ""}}
    )
    assert [(event["event"].rpartition(".")[2], event["detail"]["group"]) for event in log] == [
        ("put", "physics"),
        ("remove", "physics"),
        ("put", "maths"),
        ("put", "history"),
        ("put", "maths"),
    ]


def test_of_groups_that_come_and_go_at_once_each_is_as_was_wished(team: Team) -> None:
    alice = team.kit.caller(team.kit.services.accounts.get("alice"))
    names = [f"g{number}" for number in range(6)]
    for name in names:
        team.admin.post("/groups", {"name": name})
    read = team.project
    with ThreadPoolExecutor(len(names) + 1) as pool:
        gone = pool.submit(team.kit.services.team.remove_group, alice, read, "physics")
        list(pool.map(lambda name: team.kit.services.team.put_group(alice, read, name, "viewer"), names))
        gone.result()
    assert sorted(entry.group for entry in team.project.groups) == names


@pytest.mark.parametrize("name", ["", "Physics", "1st", "a b", "../x", "x" * 64, "$in"])
def test_bad_group_names_are_refused_with_the_rule(team: Team, name: str) -> None:
    answer = team.admin.post("/groups", {"name": name})
    assert answer.status_code == 422
    assert "lower-case" in answer.json["error"]["hint"]


def test_a_group_with_somebody_unknown_is_not_made(team: Team) -> None:
    answer = team.admin.post("/groups", {"name": "maths", "members": ["bob", "nobody-here"]})
    assert (answer.status_code, answer.json["error"]["code"]) == (422, "user_unknown")
    assert team.admin.get("/groups/maths").status_code == 404


def test_each_who_came_and_went_is_in_the_log(team: Team) -> None:
    team.admin.delete("/groups/physics/members/bob")
    team.api("alice").patch("/projects/alice/demo", {"members": []})
    events = [
        (event["event"], event["subject"], event["detail"])
        for event in team.kit.services.store.database.audit.find(
            {"event": {"$in": ["group.leave", "project.team.remove"]}}
        )
    ]
    assert events == [
        ("group.leave", "physics", {"user": "bob"}),
        ("project.team.remove", "alice/demo", {"user": "dave"}),
    ]
