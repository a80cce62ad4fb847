# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of the administration by their forms: who may open them, what they show, what they change and log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html import unescape

import pytest

from tests.serverkit import URL, Browser, Kit
from wakari.access import Action, Caller, has
from wakari.server.daily_report import bounds
from wakari.server.pages.admin_menu import ENTRIES
from wakari.store import Store
from wakari.store.audit_chain import hash_of
from wakari.store.base import now
from wakari.store.reports import AppUse

XSS = "<script>alert(1)</script>"


@pytest.fixture
def root(kit: Kit) -> Browser:
    return kit.browser(kit.user("wakari", "superuser"))


@pytest.fixture
def staff(kit: Kit) -> Browser:
    return kit.browser(kit.user("helga", "staff"))


def broken(kit: Kit, browser: Browser, monkeypatch: pytest.MonkeyPatch, times: int = 1) -> None:
    """Make the first page fail, as a bug would."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"the reason {XSS}")

    kit.app.config["PROPAGATE_EXCEPTIONS"] = False
    with monkeypatch.context() as patch:
        patch.setattr("wakari.store.projects.Projects.owned", fail)
        for _ in range(times):
            assert browser.get("/").status_code == 500


def test_each_page_opens_for_whom_the_table_says(kit: Kit) -> None:
    people = {role: kit.user(f"the-{role}", *((role,) if role != "user" else ())) for role in ("user", "staff")}
    people["superuser"] = kit.user("the-superuser", "superuser")
    for user in people.values():
        browser, caller = kit.browser(user), Caller.of(user.name, user.roles)
        for entry in ENTRIES:
            assert browser.get(entry.address).status_code == (200 if has(caller, entry.action) else 403), entry.tab
    for entry in ENTRIES:
        assert kit.browser().get(entry.address).status_code == 303


@pytest.mark.parametrize(
    ("path", "fields", "action"),
    [
        ("/admin/general", {"announcement": "x"}, Action.SETTING_WRITE),
        ("/admin/exceptions/read", {}, Action.EXCEPTION_READ),
        ("/admin/tokens/revoke", {"user": "x", "token": "y"}, Action.TOKEN_ALL),
        ("/admin/nodes/drain", {"name": "x"}, Action.NODE_WRITE),
        ("/admin/data-centers/remove", {"name": "x"}, Action.DATA_CENTER_WRITE),
        ("/admin/apps/stop-app", {"app": "x", "node": "y"}, Action.APP_STOP),
        ("/admin/tasks/requeue", {"task": "x"}, Action.TASK_MANAGE),
        ("/admin/tasks/discard", {"task": "x"}, Action.TASK_MANAGE),
        ("/admin/groups", {"name": "makers"}, Action.GROUP_WRITE),
        ("/admin/groups/join", {"group": "makers", "user": "x"}, Action.GROUP_WRITE),
        ("/admin/groups/leave", {"group": "makers", "user": "x"}, Action.GROUP_WRITE),
        ("/admin/groups/remove", {"group": "makers"}, Action.GROUP_WRITE),
    ],
)
def test_each_form_is_taken_from_whom_the_table_says(
    kit: Kit, path: str, fields: dict[str, str], action: Action
) -> None:
    for roles in ((), ("staff",), ("superuser",)):
        user = kit.user(f"the-{''.join(roles) or 'user'}", *roles)
        answer = kit.browser(user).submit(path, fields, "/settings")
        assert answer.status_code == (303 if has(Caller.of(user.name, roles), action) else 403), roles


def test_an_unexpected_error_is_shown_until_it_is_read(
    kit: Kit, staff: Browser, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    alice = kit.browser(kit.user("alice"))
    assert "unread exceptions" not in staff.get("/").text
    broken(kit, alice, monkeypatch, times=3)
    assert "unread exceptions" in staff.get("/").text
    assert "unread exceptions" not in alice.get("/").text
    page = staff.get("/admin/exceptions").text
    for shown in ("RuntimeError", "the reason", "GET /", "alice", "3 times", "Traceback"):
        assert shown in page
    assert XSS not in page
    found = store.exceptions.latest(10)
    assert len(found) == 1
    assert found[0].request_id in page
    staff.submit("/admin/exceptions/read", {}, "/admin/exceptions")
    assert "unread exceptions" not in staff.get("/").text
    broken(kit, alice, monkeypatch)
    assert "unread exceptions" in staff.get("/").text
    assert store.exceptions.latest(10)[0].count == 4


def test_settings_of_the_site_are_changed_and_logged(kit: Kit, root: Browser, staff: Browser, store: Store) -> None:
    fields = {"announcement": "Maintenance at noon", "default_project": "public", "anonymous_reading": "1"}
    assert root.submit("/admin/general", fields).status_code == 303
    found = store.site.get()
    assert (found.announcement, found.default_project_public, found.anonymous_reading) == (
        "Maintenance at noon",
        True,
        True,
    )
    assert "Maintenance at noon" in kit.browser().get("/login").text
    assert [event.actor for event in store.audit.latest(1)] == ["wakari"]
    root.submit("/admin/general", {"announcement": "", "default_project": "", "anonymous_reading": ""})
    assert store.site.get().default_project_public is None
    assert store.site.get().anonymous_reading is False
    assert "A superuser changes these" in staff.get("/admin/general").text


def test_the_log_is_filtered_and_taken_away(root: Browser, store: Store) -> None:
    for event, actor, subject in (
        ("project.start", "alice", "alice/demo"),
        ("project.stop", "bob", "alice/demo"),
        ("user.create", "alice", "carol"),
        ("projects.odd", "alice", XSS),
    ):
        store.audit.add(event, actor, subject)

    def events(query: str) -> set[str]:
        answer = root.get(f"/admin/log.json?{query}")
        assert 'filename="security-log.json"' in answer.headers["Content-Disposition"]
        found = answer.get_json()["events"]
        assert all(hash_of(one) == one["hash"] for one in found)
        return {one["event"] for one in found}

    assert events("event=project.") == {"project.start", "project.stop"}
    assert events("event=project.&actor=bob") == {"project.stop"}
    assert events("subject=alice/demo") == {"project.start", "project.stop"}
    today = datetime.now(UTC).date()
    assert "user.create" in events(f"since={today}&until={today}")
    assert events(f"until={today - timedelta(days=1)}") == set()
    assert events("event=.*") == set()
    assert "user.create" in events("since=nonsense")
    page = root.get("/admin/log?event=project.&actor=bob").text
    assert "project.stop" in page
    assert "project.start" not in page
    assert XSS not in root.get("/admin/log").text
    assert store.audit.latest(1)[0].event == "log.export"


def test_the_report_counts_a_period(kit: Kit, staff: Browser, store: Store) -> None:
    kit.user("alice")
    store.audit.add("project.start", "alice", "alice/demo")
    old = now() - timedelta(days=400)
    kit.user("longago")
    store.users._documents.update_one({"_id": "longago"}, {"$set": {"created_at": old}})
    page = staff.get("/admin/report").text
    assert "project.start" in page
    assert ">alice<" in page
    assert "longago" not in page
    yesterday = staff.get("/admin/report?period=yesterday").text
    assert "Nothing happened in this period" in yesterday
    assert staff.get("/admin/report?period=nonsense").status_code == 200


def test_periods_begin_at_midnight_on_mondays_and_on_the_first() -> None:
    moment = datetime(2026, 3, 4, 15, 30, tzinfo=UTC)  # a Wednesday
    day = datetime(2026, 3, 4, tzinfo=UTC)
    end = datetime(2026, 3, 5, tzinfo=UTC)
    assert bounds("today", moment) == (day, end)
    assert bounds("yesterday", moment) == (datetime(2026, 3, 3, tzinfo=UTC), day)
    assert bounds("week", moment) == (datetime(2026, 3, 2, tzinfo=UTC), end)
    assert bounds("month", moment) == (datetime(2026, 3, 1, tzinfo=UTC), end)


def test_running_apps_of_all_nodes_are_shown_and_their_project_stopped(
    kit: Kit, root: Browser, staff: Browser, store: Store
) -> None:
    kit.place()
    project = kit.project(kit.user("alice"))
    store.projects._documents.update_one({"_id": project.id}, {"$set": {"state": "running", "started_once": True}})
    assert "No node reports a running app" in staff.get("/admin/apps").text
    app = AppUse(user="bob", app="notebook", since=now(), cpu=0.5, memory=1 << 30)
    store.uses.take("east-1", now(), {project.id: ([app], [])})
    page = staff.get("/admin/apps").text
    for shown in ("Notebook", "of bob", "alice/demo", "east-1", "0.50 cores", "1.0 GiB"):
        assert shown in page
    assert "Stop project" not in page
    staff.submit("/admin/apps/stop", {"project": "alice/demo"}, "/settings")
    assert store.tasks.count("queued") == 0
    assert "Stop project" in root.get("/admin/apps").text
    root.submit("/admin/apps/stop", {"project": "alice/demo"}, "/admin/apps")
    assert store.tasks.count("queued") == 1


def test_somebody_elses_token_is_revoked(kit: Kit, root: Browser, store: Store) -> None:
    api = kit.api(kit.user("alice"))
    assert api.get("/projects").status_code == 200
    token = store.tokens.of("alice")[0]
    assert "alice" in root.get("/admin/tokens").text
    assert "Nobody" not in root.get("/admin/tokens?user=alice").text
    assert "bob has no token" in root.get("/admin/tokens?user=bob").text
    root.submit("/admin/tokens/revoke", {"user": "alice", "token": token.id}, "/admin/tokens")
    assert api.get("/projects").status_code == 401
    event = store.audit.latest(1)[0]
    assert (event.event, event.actor, event.subject) == ("token.revoke", "wakari", "alice")


def test_a_group_lives_from_its_form_to_its_end(kit: Kit, root: Browser, staff: Browser) -> None:
    for name in ("alice", "bob"):
        kit.user(name)
    root.submit("/admin/groups", {"name": "makers", "summary": "Who make", "members": "alice, bob"})
    groups = kit.services.groups
    assert groups.people("makers") == ["alice", "bob"]
    root.submit("/admin/groups/leave", {"group": "makers", "user": "bob"}, "/admin/groups")
    assert groups.people("makers") == ["alice"]
    root.submit("/admin/groups/join", {"group": "makers", "user": "bob"}, "/admin/groups")
    assert groups.people("makers") == ["alice", "bob"]
    wrong = root.submit("/admin/groups", {"name": "others", "members": "nobody-here", "summary": "kept"})
    assert (wrong.status_code, 'value="kept"' in wrong.text, "no user" in wrong.text) == (422, True, True)
    page = staff.get("/admin/groups").text
    assert ("makers" in page, "Add a group" in page) == (True, False)
    root.submit("/admin/groups/remove", {"group": "makers"}, "/admin/groups")
    assert kit.services.store.groups.get("makers") is None


def test_a_node_is_drained_and_used_again(kit: Kit, root: Browser, store: Store) -> None:
    kit.place("east", "east-1", "east-2")
    root.submit("/admin/nodes/drain", {"name": "east-1", "drained": "1"}, "/admin/nodes")
    node = store.nodes.get("east-1")
    assert node
    assert node.drained
    assert root.get("/admin/nodes").text.count(">Drained<") == 1
    assert kit.project(kit.user("alice")).nodes == ("east-2",)
    root.submit("/admin/nodes/drain", {"name": "east-1"}, "/admin/nodes")
    node = store.nodes.get("east-1")
    assert node
    assert not node.drained
    root.submit("/admin/nodes/drain", {"name": "gone", "drained": "1"}, "/admin/nodes")
    assert "There is no such node" in root.get("/admin/nodes").text


def test_a_data_center_tells_its_health_and_goes_once_it_is_empty(kit: Kit, root: Browser, store: Store) -> None:
    place, _ = kit.place("east")
    store.data_centers.set_health(place.id, "degraded", [f"no answer {XSS}"])
    page = root.get("/admin/data-centers").text
    assert '"status": "degraded"' in unescape(page)
    assert XSS not in page
    root.submit("/admin/data-centers/remove", {"name": "east"}, "/admin/users")
    assert store.data_centers.get(place.id)
    assert "still has nodes" in root.get("/admin").text
    store.nodes.remove("east-1")
    root.submit("/admin/data-centers/remove", {"name": "east"}, "/admin/data-centers")
    assert store.data_centers.get(place.id) is None


def test_people_have_the_number_of_their_projects_and_the_queue_its_workers(
    kit: Kit, staff: Browser, store: Store
) -> None:
    kit.place()
    owner = kit.user("alice")
    made = [kit.project(owner, name) for name in ("one", "two")]
    assert store.projects.owned_counts(["alice", "helga"]) == {"alice": 2, "helga": 0}
    assert "<td>2</td>" in staff.get("/admin/users").text
    assert "No worker holds a task" in staff.get("/admin/tasks").text
    kit.services.lifecycle.start(kit.caller(owner), made[0])
    assert store.tasks.claim("worker-7", 30)
    assert "worker-7 (1)" in staff.get("/admin/tasks").text


def test_a_form_of_another_site_changes_nothing(root: Browser, store: Store) -> None:
    fields = {"csrf_token": root.csrf("/admin/general"), "announcement": "foreign"}
    answer = root.client.post("/admin/general", data=fields, base_url=URL, headers={"Origin": "http://evil.test"})
    assert answer.status_code == 403
    assert store.site.get().announcement == ""
