# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages as a browser without JavaScript uses them, and what must not get through their forms."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.serverkit import PASSWORD, URL, Browser, Kit
from wakari.store import Store
from wakari.store.base import now


@pytest.fixture
def alice(kit: Kit) -> Browser:
    kit.place()
    return kit.browser(kit.user("alice"))


def test_a_visitor_signs_in_and_lands_where_they_wanted_to_go(kit: Kit) -> None:
    kit.place()
    kit.project(kit.user("alice"))
    browser = kit.browser()
    sent = browser.get("/alice/demo")
    assert (sent.status_code, sent.location) == (303, "/login?next=%2Falice%2Fdemo")
    answer = browser.submit(sent.location, {"username": "alice", "password": PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/alice/demo")
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("wk_session="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Domain" not in cookie
    assert "Secure" not in cookie  # this site is http; see the next test
    assert browser.get("/alice/demo").status_code == 200


def test_cookies_are_secure_under_tls(kit: Kit) -> None:
    from dataclasses import replace  # noqa: PLC0415

    from wakari.server.services import EXTENSION  # noqa: PLC0415

    secure = kit.services.settings.model_copy(update={"url": "https://server.test"})
    kit.app.extensions[EXTENSION] = replace(kit.services, settings=secure)
    kit.user("alice")
    browser = kit.browser()
    fields = {"username": "alice", "password": PASSWORD, "csrf_token": browser.csrf("/login")}
    answer = browser.client.post("/login", data=fields, base_url=URL, headers={"Origin": "https://server.test"})
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("wk_session="))
    assert "Secure" in cookie
    assert answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize("target", ["//evil.test", "http://evil.test/", "/\\evil.test", "/\tx"])
def test_a_sign_in_leads_nowhere_else(kit: Kit, target: str) -> None:
    kit.user("alice")
    fields = {"username": "alice", "password": PASSWORD, "next": target}
    assert kit.browser().submit("/login", fields).location == "/"


def test_a_wrong_password_is_told_on_the_page(kit: Kit) -> None:
    answer = kit.browser().submit("/login", {"username": "<b>x", "password": "wrong wrong"})
    assert answer.status_code == 401
    assert "User name or password is wrong." in answer.text
    assert "<b>x" not in answer.text


def test_signing_out_ends_the_session_itself(kit: Kit, alice: Browser, store: Store) -> None:
    secret = alice.client.get_cookie("wk_session", domain="server.test")
    assert secret
    assert alice.submit("/logout", {}, "/").status_code == 303
    assert store.sessions._documents.count_documents({}) == 0
    kept = Browser(kit.app.test_client())
    kept.client.set_cookie("wk_session", secret.value, domain="server.test")
    assert kept.get("/").status_code == 303


def test_a_form_without_its_token_is_refused(alice: Browser, store: Store) -> None:
    answer = alice.client.post("/new", data={"name": "demo"}, base_url=URL, headers={"Origin": URL})
    assert answer.status_code == 400
    assert "does not belong to your present session" in answer.text
    assert store.projects.count() == 0


def test_a_token_taken_before_the_sign_in_is_worth_nothing_after_it(kit: Kit) -> None:
    kit.place()
    kit.user("alice")
    browser = kit.browser()
    early = browser.csrf("/login")
    browser.submit("/login", {"username": "alice", "password": PASSWORD})
    browser.get("/")
    answer = browser.client.post(
        "/new", data={"name": "demo", "csrf_token": early}, base_url=URL, headers={"Origin": URL}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.test"},
        {"Origin": "http://server.test.evil.test"},
        {"Origin": "null"},
        {"Origin": URL, "Sec-Fetch-Site": "cross-site"},
        {"Origin": URL, "Sec-Fetch-Site": "same-site"},
        {},
    ],
)
def test_a_form_from_elsewhere_is_refused_even_with_its_token(
    alice: Browser, store: Store, headers: dict[str, str]
) -> None:
    fields = {"name": "demo", "csrf_token": alice.csrf("/new")}
    answer = alice.client.post("/new", data=fields, base_url=URL, headers=headers)
    assert answer.status_code == 403
    assert store.projects.count() == 0


def test_a_project_is_created_and_started_by_forms_alone(alice: Browser, store: Store) -> None:
    assert "Create your first project" in alice.get("/").text
    made = alice.submit("/new", {"name": "demo", "summary": "First", "visibility": "private"})
    assert made.location == "/alice/demo"
    page = alice.get("/alice/demo").text
    assert "Stopped" in page
    assert "Apps open once the project runs" in page
    assert alice.submit("/alice/demo/start", {}, "/alice/demo").location == "/alice/demo"
    starting = alice.get("/alice/demo").text
    assert "Starting" in starting
    assert 'http-equiv="refresh"' in starting
    project = store.projects.get("alice", "demo")
    assert project
    task = store.tasks.claim("w", 30)
    assert task
    store.transaction(lambda tx: store.projects.settle(project.id, task.id, "running", None, tx))
    running = alice.get("/alice/demo").text
    for app in ("notebook", "lab", "workbench", "terminal", "viewer"):
        assert f'href="http://east.test:8089/alice/demo/{app}/"' in running


def test_the_live_part_is_sent_again_only_when_it_changed(alice: Browser, store: Store) -> None:
    alice.submit("/new", {"name": "demo"})
    poll = re.search(r'hx-get="([^"]+)"', alice.get("/alice/demo").text)
    assert poll
    assert alice.get(poll[1]).status_code == 204
    alice.submit("/alice/demo/start", {}, "/alice/demo")
    changed = alice.get(poll[1])
    assert (changed.status_code, "Starting" in changed.text) == (200, True)
    project = store.projects.get("alice", "demo")
    assert project
    assert project.task
    line = {"step": "environment", "message": "Cloning <i>default</i>", "fraction": 0.25}
    store.projects.set_progress(project.id, project.task, line)
    again = alice.get(poll[1]).text
    assert "Cloning &lt;i&gt;default&lt;/i&gt;" in again
    assert 'value="25"' in again
    store.projects._documents.delete_many({})
    assert alice.get(poll[1]).headers["HX-Redirect"] == "/"


def test_a_tab_left_open_does_not_keep_the_session_alive(alice: Browser, store: Store) -> None:
    alice.submit("/new", {"name": "demo"})
    poll = re.search(r'hx-get="([^"]+)"', alice.get("/alice/demo").text)
    assert poll
    earlier = now() - timedelta(hours=1)
    store.sessions._documents.update_many({}, {"$set": {"seen_at": earlier}})
    assert alice.get(poll[1], headers={"HX-Request": "true"}).status_code == 204
    seen = store.sessions._many({})[0].seen_at
    assert seen == earlier
    assert alice.get("/").status_code == 200
    assert store.sessions._many({})[0].seen_at > earlier


def test_a_failure_is_told_with_its_reason(alice: Browser, store: Store) -> None:
    alice.submit("/new", {"name": "demo"})
    alice.submit("/alice/demo/start", {}, "/alice/demo")
    project, task = store.projects.get("alice", "demo"), store.tasks.claim("w", 30)
    assert project
    assert task
    reason = "It could not be started: n1: no space left."
    store.transaction(lambda tx: store.projects.settle(project.id, task.id, "error", reason, tx))
    page = alice.get("/alice/demo").text
    assert reason in page
    assert "Start again" in page


XSS = '"><script>alert(1)</script>'


def test_what_people_write_is_shown_as_text(kit: Kit, alice: Browser, store: Store) -> None:
    alice.submit("/new", {"name": "demo", "summary": XSS})
    alice.submit("/settings/profile", {"full_name": XSS, "email": ""}, "/settings")
    alice.submit("/settings/tokens", {"name": XSS, "days": "1"}, "/settings")
    place = store.data_centers.all()[0]
    store.data_centers.set_health(place.id, "down", [XSS])
    root = kit.browser(kit.user("wakari", "superuser"))
    pages = [alice.get(path).text for path in ("/", "/alice/demo", "/alice/demo/settings", "/settings", "/new")]
    pages += [root.get(f"/admin{path}").text for path in ("", "/users", "/data-centers", "/nodes", "/tasks", "/log")]
    for page in pages:
        assert "<script>alert" not in page
    assert sum("&lt;script&gt;alert" in page for page in pages) >= 5


def test_pages_run_no_inline_script_and_cannot_be_framed(alice: Browser) -> None:
    answer = alice.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert re.findall(r"<script(?![^>]*\ssrc=)", answer.text) == []
    assert re.findall(r"\son\w+=|\sstyle=|<style", answer.text) == []
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["", "1st", "a b", "../x", "<b>", "x" * 64])
def test_a_bad_name_brings_the_form_back_with_the_rule(alice: Browser, name: str) -> None:
    answer = alice.submit("/new", {"name": name, "summary": "kept"})
    assert answer.status_code == 422
    assert "beginning with a letter" in answer.text
    assert 'value="kept"' in answer.text


def test_the_team_is_changed_by_its_owner_alone(kit: Kit, alice: Browser) -> None:
    alice.submit("/new", {"name": "demo"})
    bob = kit.browser(kit.user("bob"))
    assert bob.get("/alice/demo").status_code == 404
    alice.submit("/alice/demo/team", {"user": "bob", "role": "viewer"}, "/alice/demo/settings")
    assert bob.get("/alice/demo").status_code == 200
    page = bob.get("/alice/demo").text
    assert ("Viewer" in page, "Workbench" in page, "Terminal" in page) == (True, False, False)
    assert bob.get("/alice/demo/settings").status_code == 403
    for path, fields in (
        ("start", {}),
        ("team", {"user": "bob", "role": "member"}),
        ("settings", {"summary": "mine", "visibility": "public"}),
        ("delete", {"confirm": "demo"}),
    ):
        answer = bob.submit(f"/alice/demo/{path}", fields, "/settings")
        assert answer.status_code in {303, 403}
    found = kit.services.store.projects.get("alice", "demo")
    assert found
    assert (found.state, found.summary, found.public, found.members[0].role) == ("stopped", "", False, "viewer")


@pytest.mark.parametrize(
    ("choice", "files"), [({}, "archive"), ({"files": "archive"}, "archive"), ({"files": "delete"}, "delete")]
)
def test_a_project_is_removed_once_its_name_is_typed(
    alice: Browser, store: Store, choice: dict[str, str], files: str
) -> None:
    alice.submit("/new", {"name": "demo"})
    page = alice.get("/alice/demo/settings").text
    assert re.search(r'name="files" value="archive" checked', page)
    assert "Nobody can bring them back." in page
    for wrong in ({"confirm": "dem"}, {"confirm": "demo", "files": "shred"}):
        alice.submit("/alice/demo/delete", {**choice, **wrong}, "/alice/demo/settings")
        assert store.tasks.count("queued") == 0
    alice.submit("/alice/demo/delete", {"confirm": "demo", **choice}, "/alice/demo/settings")
    task = store.tasks.claim("w", 30)
    assert task
    assert (task.verb, task.files) == ("remove-project", files)


def test_a_new_address_asks_for_the_present_password_and_is_in_the_log(kit: Kit, alice: Browser, store: Store) -> None:
    def profile(**fields: str) -> str:
        alice.submit("/settings/profile", fields, "/settings")
        return kit.services.accounts.get("alice").email

    mine = {"full_name": "Alice", "email": "alice@example.org"}
    assert profile(**mine, current=PASSWORD) == "alice@example.org"
    page = alice.get("/settings").text
    assert "Your profile is changed." in page
    assert "user.email" in page
    for wrong in ({}, {"current": "not it"}):
        for email in ("thief@example.org", ""):
            assert profile(full_name="Thief", email=email, **wrong) == "alice@example.org"
            assert "Your present password is not this one." in alice.get("/settings").text
    assert kit.services.accounts.get("alice").full_name == "Alice", "what is refused changes nothing"
    assert profile(full_name="Alice E.", email="alice@example.org") == "alice@example.org"
    assert kit.services.accounts.get("alice").full_name == "Alice E."
    root = kit.api(kit.user("root1", "superuser"))
    assert root.patch("/users/alice", {"email": "new@example.org"}).status_code == 200
    entries = [entry for entry in store.audit.latest(50) if entry.event == "user.email"]
    assert [(entry.actor, entry.subject, entry.detail) for entry in entries] == [
        ("root1", "alice", {}),
        ("alice", "alice", {}),
    ]


def test_whose_password_is_elsewhere_is_not_asked_for_it(kit: Kit, alice: Browser, store: Store) -> None:
    assert 'id="email-password"' in alice.get("/settings").text
    store.users.set_fields("alice", source="ldap", subject="entry-1")
    assert 'id="email-password"' not in alice.get("/settings").text
    alice.submit("/settings/profile", {"full_name": "", "email": "alice@example.org"}, "/settings")
    assert kit.services.accounts.get("alice").email == "alice@example.org"


def test_a_new_password_ends_the_other_sessions(kit: Kit, alice: Browser) -> None:
    other = kit.browser(kit.services.accounts.get("alice"))
    wrong = {"current": "not this one", "new": "a new password", "again": "a new password"}
    alice.submit("/settings/password", wrong, "/settings")
    assert other.get("/").status_code == 200
    alice.submit("/settings/password", {**wrong, "current": PASSWORD}, "/settings")
    assert alice.get("/").status_code == 200
    assert other.get("/").status_code == 303
    again = kit.browser().submit("/login", {"username": "alice", "password": "a new password"})
    assert again.status_code == 303


def test_a_token_is_shown_once_and_works(kit: Kit, alice: Browser) -> None:
    made = alice.submit("/settings/tokens", {"name": "laptop", "days": "30"}, "/settings")
    secret = re.search(r"wk_[A-Za-z0-9_-]{43}", made.text)
    assert secret
    headers = {"Authorization": f"Bearer {secret[0]}"}
    assert kit.app.test_client().get("/api/v1/projects", headers=headers).status_code == 200
    page = alice.get("/settings").text
    assert "laptop" in page
    assert secret[0] not in page


@pytest.mark.parametrize("path", ["", "/users", "/data-centers", "/nodes", "/tasks", "/log"])
def test_administration_is_for_administrators(kit: Kit, alice: Browser, path: str) -> None:
    assert alice.get(f"/admin{path}").status_code == 403
    assert kit.browser().get(f"/admin{path}").status_code == 303
    staff = kit.browser(kit.user("helga", "staff"))
    assert staff.get(f"/admin{path}").status_code == (403 if path == "/log" else 200)
    root = kit.browser(kit.user("wakari", "superuser"))
    assert root.get(f"/admin{path}").status_code == 200


def test_an_administrator_adds_a_user_with_a_generated_password(kit: Kit) -> None:
    root = kit.browser(kit.user("wakari", "superuser"))
    made = root.submit("/admin/users", {"name": "bob", "password": ""})
    password = re.search(r'<code class="secret mt-2">([^<]+)</code>', made.text)
    assert password
    signed_in = kit.browser().submit("/login", {"username": "bob", "password": password[1]})
    assert signed_in.status_code == 303
    staff = kit.browser(kit.user("helga", "staff"))
    assert staff.submit("/admin/users", {"name": "eve", "superuser": "1"}).status_code == 403
    assert kit.services.store.users.get("eve") is None


def test_an_unknown_page_is_told_as_a_page(alice: Browser) -> None:
    for path in ("/nothing", "/alice/nothing", "/a/b/c/d"):
        answer = alice.get(path)
        assert answer.status_code == 404
        assert "<h1>" in answer.text


def test_an_unexpected_error_tells_nothing_of_itself(alice: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr("wakari.store.projects.Projects.owned", fail)
    alice.client.application.config["PROPAGATE_EXCEPTIONS"] = False
    answer = alice.get("/")
    assert answer.status_code == 500
    assert "secret inside" not in answer.text
    assert "Something went wrong on our side." in answer.text


def test_a_form_of_one_session_is_worth_nothing_in_another(kit: Kit, alice: Browser, store: Store) -> None:
    token = alice.csrf("/new")
    secret, _ = store.sessions.add("alice", 600)
    alice.client.set_cookie("wk_session", secret, domain="server.test")
    fields = {"name": "demo", "csrf_token": token}
    answer = alice.client.post("/new", data=fields, base_url=URL, headers={"Origin": URL})
    assert answer.status_code == 400
    assert kit.services.store.projects.count() == 0
