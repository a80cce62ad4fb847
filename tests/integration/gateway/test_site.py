# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole gateway with the real server: registration, sign-in, decisions, pages, jobs."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import websocket

from tests.integration.gateway.node import INSTANCE
from tests.integration.gateway.site import PERSON, Site, configure
from tests.integration.gateway.site import site as run_site
from tests.mongod import Mongod
from tests.serverkit import PASSWORD
from wakari.core import tokens


@pytest.fixture(scope="module")
def site(mongod: Mongod) -> Iterator[Site]:
    with run_site(mongod, "gateway-site") as running:
        yield running


@pytest.fixture(autouse=True)
def calm(site: Site) -> None:
    """Begin each test with a node that does as it should."""
    site.node.seen.clear()
    site.node.asked.clear()
    site.node.open_seconds = 0.0
    site.node.job_lines = 2
    site.node.open_answer = (200, {"instance": INSTANCE, "state": "running", "permission": "write"})


def registration(site: Site) -> dict[str, str]:
    content: dict[str, str] = json.loads((site.proxy.prefix / "etc/wakari/wk-gateway-config.json").read_text())
    return content


def signed(site: Site) -> dict[str, str]:
    known = registration(site)
    token = tokens.sign_request(known["CLIENT_SECRET"], "server", f"gateway:{known['CLIENT_ID']}")
    return {"Authorization": f"Bearer {token}"}


def test_a_person_signs_in_at_the_server_and_lands_in_the_app(site: Site) -> None:
    project = site.new_project()
    browser, page = site.browser(project.owner, site.app_url(project) + "lab?reset")
    assert page.status_code == 200
    assert page.json()["target"] == f"/{project.owner}/demo/notebook/lab?reset"
    cookie = next(cookie for cookie in browser.cookies if cookie.name == "wk_gateway")
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "Lax"
    assert cookie.domain_specified is False
    seen = dict(site.node.seen[-1]["headers"])
    assert seen["x-wakari-user"] == project.owner
    assert seen["x-wakari-level"] == "admin"
    assert seen["x-wakari-app"] == INSTANCE
    assert "wk_gateway" not in seen.get("cookie", "")


def test_the_node_is_asked_with_the_whole_project(site: Site) -> None:
    project = site.new_project()
    assert requests.get(site.app_url(project), headers=site.bearer(project.owner), timeout=20).status_code == 200
    path, body = site.node.asked[0]
    assert path == "/_wakari/v1/apps/open"
    assert body["project"]["owner"]["name"] == project.owner
    assert body["user"]["name"] == project.owner
    assert (body["level"], body["app"]) == ("admin", "notebook")


def test_a_stranger_learns_nothing(site: Site) -> None:
    project, other = site.new_project(), site.new_project()
    for address in (site.app_url(project), site.proxy.url + "/nobody/nothing/notebook/"):
        answer = requests.get(address, headers=site.bearer(other.owner), timeout=20)
        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "project_not_found"
    assert site.node.seen == []


def test_a_dead_token_is_refused(site: Site) -> None:
    project = site.new_project()
    answer = requests.get(site.app_url(project), headers={"Authorization": "Bearer wk_dead"}, timeout=20)
    assert answer.status_code == 401


def test_a_removed_member_loses_the_open_websocket_within_two_seconds(site: Site) -> None:
    project, member = site.new_project(), site.new_project().owner
    store = site.kit.services.store
    store.transaction(lambda tx: store.projects.set_member(project.id, member, "member", tx))
    host = urlsplit(site.proxy.url).netloc
    address = f"ws://{host}/{project.owner}/demo/notebook/api/kernels/1/channels"
    connection = websocket.create_connection(address, header=site.bearer(member), timeout=10)
    connection.send("6*7")
    assert connection.recv() == "6*7"
    time.sleep(1.3)
    start = time.monotonic()
    store.transaction(lambda tx: store.projects.remove_member(project.id, member, tx))
    with pytest.raises((websocket.WebSocketConnectionClosedException, ConnectionError)):
        connection.recv()
    assert time.monotonic() - start < 2.0


def test_the_end_of_the_session_at_the_server_ends_it_here(site: Site) -> None:
    project = site.new_project()
    browser, page = site.browser(project.owner, site.app_url(project))
    assert page.status_code == 200
    store = site.kit.services.store
    store.sessions.end_all(project.owner)
    time.sleep(1.1)
    program = browser.get(site.app_url(project), headers={"Accept": "application/json"}, timeout=20)
    assert program.status_code == 401
    assert program.json()["error"]["code"] == "session_ended"
    person = browser.get(site.app_url(project), timeout=20, allow_redirects=False)
    assert person.status_code == 302
    assert "/_wakari/login" in person.headers["Location"]


def test_a_revoked_application_loses_its_websocket_within_two_seconds_and_the_other_browser_goes_on(site: Site) -> None:
    project = site.new_project()
    address = site.app_url(project)
    opened = [site.browser(project.owner, address)[0] for _ in range(2)]
    sockets = [
        websocket.create_connection(
            f"ws://{urlsplit(address).netloc}/{project.owner}/demo/notebook/ws",
            cookie=f"wk_gateway={browser.cookies['wk_gateway']}",
            origin=site.proxy.url,
            timeout=10,
        )
        for browser in opened
    ]
    for connection in sockets:
        connection.send("6*7")
        assert connection.recv() == "6*7"
    owner = site.kit.services.accounts.get(project.owner)
    api = site.kit.api(owner)
    kept, lost = api.get("/authorizations").json["items"]  # the second browser's was used last
    assert kept["created_at"] > lost["created_at"]
    start = time.monotonic()
    assert api.delete(f"/authorizations/{lost['id']}").status_code == 204
    with pytest.raises((websocket.WebSocketConnectionClosedException, ConnectionError)):
        sockets[0].recv()
    assert time.monotonic() - start < 2.0
    sockets[1].send("7*6")
    assert sockets[1].recv() == "7*6"
    sockets[1].close()
    refused, passed = (browser.get(address, headers={"Accept": "*/*"}, timeout=20) for browser in opened)
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "session_ended")
    assert passed.status_code == 200
    assert "/login" in opened[0].get(address, timeout=20).url, "that browser must sign in with its password again"


def test_a_sign_in_begun_in_another_browser_is_refused(site: Site) -> None:
    project = site.new_project()
    victim = requests.Session()
    begun = victim.get(
        site.proxy.url + f"/_wakari/login?next=/{project.owner}/demo/notebook/", allow_redirects=False, timeout=20
    )
    state = parse_qs(urlsplit(begun.headers["Location"]).query)["state"][0]
    callback = site.proxy.url + "/_wakari/callback"
    answer = requests.get(callback, params={"state": state, "code": "attackers"}, timeout=20, allow_redirects=False)
    assert answer.status_code == 403
    assert "wk_gateway=" not in answer.headers.get("Set-Cookie", "")
    assert victim.get(callback, params={"state": state + "x", "code": "c"}, timeout=20).status_code == 400
    assert victim.get(callback, params={"state": state, "code": "made-up"}, timeout=20).status_code == 403


def test_two_tabs_may_sign_in_at_once(site: Site) -> None:
    project = site.new_project()
    browser, page = site.browser(project.owner, site.app_url(project))
    assert page.status_code == 200
    browser.cookies.clear(domain="127.0.0.1", path="/", name="wk_gateway")
    starts = [browser.get(site.app_url(project) + tab, timeout=20, allow_redirects=False) for tab in "12"]
    logins = [
        browser.get(
            site.proxy.url + start.headers["Location"].removeprefix(site.proxy.url), timeout=20, allow_redirects=False
        )
        for start in starts
    ]
    for login in reversed(logins):  # the later tab comes back first; the first one's browser cookie is gone by then
        page = browser.get(login.headers["Location"], timeout=20)
        assert page.status_code == 200, page.text
        assert page.json()["target"].startswith(f"/{project.owner}/demo/notebook/")


def test_the_root_leads_to_the_server(site: Site) -> None:
    answer = requests.get(site.proxy.url + "/", allow_redirects=False, timeout=20)
    assert (answer.status_code, answer.headers["Location"]) == (302, site.server.url + "/")


def test_after_signing_out_one_may_sign_in_again(site: Site) -> None:
    project = site.new_project()
    browser, page = site.browser(project.owner, site.app_url(project))
    assert page.status_code == 200
    old = browser.cookies.get("wk_gateway", domain="127.0.0.1", path="/")
    done = browser.post(
        site.proxy.url + "/_wakari/logout",
        headers={"Accept": "application/json", "Origin": site.proxy.url},
        timeout=20,
    )
    assert done.json() == {"status": "signed_out"}
    stolen = requests.get(site.app_url(project), headers={"Cookie": f"wk_gateway={old}"}, timeout=20)
    assert stolen.status_code == 401
    assert site.kit.services.authorizations.of(project.owner) == [], "the server knows, whatever the gateway forgets"
    assert browser.get(site.app_url(project), timeout=20).status_code == 200  # the server's session goes on


@pytest.mark.parametrize("state", ["stopped", "starting", "error"])
def test_a_program_is_told_that_the_project_does_not_run(site: Site, state: str) -> None:
    project = site.new_project(state)
    program = requests.get(site.app_url(project), headers=site.bearer(project.owner), timeout=20)
    assert program.status_code == 409
    assert program.json()["error"]["detail"]["state"] == state
    unchanged = site.kit.services.store.projects.by_id(project.id)
    assert unchanged is not None
    assert (unchanged.state, unchanged.task) == (state, None)


def test_an_app_that_takes_its_time_shows_a_page_that_moves_on(site: Site) -> None:
    project = site.new_project()
    site.node.open_seconds = 3.0
    headers = {**site.bearer(project.owner), **PERSON}
    start = time.monotonic()
    page = requests.get(site.app_url(project), headers=headers, timeout=20)
    assert page.status_code == 503
    assert "Starting Notebook" in page.text
    assert 'http-equiv="refresh" content="1"' in page.text
    while (page := requests.get(site.app_url(project), headers=headers, timeout=20)).status_code == 503:
        assert time.monotonic() - start < 10
        time.sleep(0.3)
    assert page.status_code == 200


def test_an_app_that_fails_shows_its_log(site: Site) -> None:
    project = site.new_project()
    error = {
        "code": "app_failed",
        "message": "Notebook ended.",
        "hint": "See the log.",
        "detail": {"log": ["<b>No module</b>"]},
    }
    site.node.open_answer = (502, {"error": error})
    page = requests.get(site.app_url(project), headers={**site.bearer(project.owner), **PERSON}, timeout=20)
    assert page.status_code == 502
    assert "&lt;b&gt;No module&lt;/b&gt;" in page.text
    program = requests.get(site.app_url(project), headers=site.bearer(project.owner), timeout=20)
    assert program.json()["error"]["detail"]["log"] == ["<b>No module</b>"]


def test_the_log_of_a_failed_app_is_not_for_viewers(site: Site) -> None:
    project, viewer = site.new_project(), site.new_project().owner
    store = site.kit.services.store
    store.transaction(lambda tx: store.projects.set_member(project.id, viewer, "viewer", tx))
    error = {"code": "app_failed", "message": "Viewer ended.", "hint": "See the log.", "detail": {"log": ["a secret"]}}
    site.node.open_answer = (502, {"error": error})
    page = requests.get(site.app_url(project), headers={**site.bearer(viewer), **PERSON}, timeout=20)
    assert page.status_code == 502
    assert "Viewer ended." in page.text
    assert "a secret" not in page.text
    program = requests.get(site.app_url(project), headers=site.bearer(viewer), timeout=20)
    assert "log" not in program.json()["error"].get("detail", {})


def test_a_node_that_is_away_is_named(site: Site) -> None:
    project = site.new_project()
    file = site.proxy.prefix / "etc/wakari/nodes.d/compute1.json"
    good = file.read_text()
    file.write_text(json.dumps({**json.loads(good), "url": "http://127.0.0.1:1"}))
    try:
        time.sleep(1.1)
        page = requests.get(site.app_url(project), headers={**site.bearer(project.owner), **PERSON}, timeout=20)
    finally:
        file.write_text(good)
        time.sleep(1.1)
    assert page.status_code == 502
    assert "Compute node: <strong>compute1</strong>" in page.text
    assert 'http-equiv="refresh"' in page.text


def test_who_is_inside_goes_on_while_the_server_is_away(site: Site) -> None:
    project, other = site.new_project(), site.new_project()
    inside, outside = site.bearer(project.owner), site.bearer(other.owner)
    assert requests.get(site.app_url(project), headers=inside, timeout=20).status_code == 200
    site.server.stop()
    try:
        time.sleep(1.2)
        for _ in range(5):
            assert requests.get(site.app_url(project), headers=inside, timeout=20).status_code == 200
            time.sleep(0.3)
        answer = requests.get(site.app_url(other), headers={**outside, **PERSON}, timeout=20)
        assert answer.status_code == 503
        assert "The server cannot be reached" in answer.text
    finally:
        site.server.start()
    deadline = time.monotonic() + 10
    while requests.get(site.app_url(other), headers=outside, timeout=20).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.3)


def newcomer(site: Site) -> requests.Response:
    """Return what somebody sees about whom nothing was decided yet."""
    project = site.new_project()
    return requests.get(site.app_url(project), headers={**site.bearer(project.owner), **PERSON}, timeout=20)


def test_a_killed_control_plane_cuts_no_connection(site: Site) -> None:
    project = site.new_project()
    host = urlsplit(site.proxy.url).netloc
    address = f"ws://{host}/{project.owner}/demo/notebook/ws"
    connection = websocket.create_connection(address, header=site.bearer(project.owner), timeout=10)
    site.kill_control()
    try:
        time.sleep(2.5)
        connection.send("still here")
        assert connection.recv() == "still here"
        page = newcomer(site)
        assert page.status_code == 503
        assert "The gateway is not well" in page.text
        assert page.headers["Refresh"] == "3"
        sign_in = requests.get(site.proxy.url + "/_wakari/login", headers=PERSON, timeout=20)
        assert (sign_in.status_code, "The gateway is not well" in sign_in.text) == (503, True)
    finally:
        site.restart_control()
    connection.send("and now")
    assert connection.recv() == "and now"
    connection.close()
    deadline = time.monotonic() + 10
    while requests.get(site.app_url(project), headers=site.bearer(project.owner), timeout=20).status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def job(**changed: object) -> dict[str, object]:
    person = {"name": "alice", "uid": 20001, "gid": 20001}
    return {
        "verb": "start-project",
        "node": "compute1",
        "project": {"owner": person, "name": "p"},
        "requested_by": "alice",
    } | changed


def jobs_of(site: Site) -> list[dict[str, Any]]:
    """Return the jobs the node was given; routes of earlier tests may be confirmed meanwhile."""
    return [body for path, body in site.node.asked if path == "/_wakari/v1/jobs"]


def test_a_job_of_the_server_reaches_the_node_line_by_line(site: Site) -> None:
    address = site.proxy.url + "/_wakari/v1/jobs"
    answer = requests.post(address, json=job(), headers=signed(site), timeout=20)
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert lines == [{"step": "skeleton", "message": "copying", "fraction": 0.5}, {"result": {"verb": "start-project"}}]
    assert jobs_of(site)[0]["requested_by"] == "alice"
    assert "node" not in jobs_of(site)[0]


def test_a_job_that_breaks_off_says_so(site: Site) -> None:
    site.node.job_lines = 1
    answer = requests.post(site.proxy.url + "/_wakari/v1/jobs", json=job(), headers=signed(site), timeout=20)
    assert json.loads(answer.text.splitlines()[-1])["error"]["code"] == "job_broken"


def test_jobs_are_the_servers_alone(site: Site) -> None:
    address = site.proxy.url + "/_wakari/v1/jobs"
    assert requests.post(address, json=job(), timeout=20).status_code == 401
    forged = tokens.sign_request(tokens.new_key(), "server", f"gateway:{registration(site)['CLIENT_ID']}")
    assert (
        requests.post(address, json=job(), headers={"Authorization": f"Bearer {forged}"}, timeout=20).status_code == 401
    )
    assert requests.post(address, json=job(node="other"), headers=signed(site), timeout=20).status_code == 404
    assert requests.post(address, json=job(verb="rm"), headers=signed(site), timeout=20).status_code == 422
    assert jobs_of(site) == []


def test_an_app_is_stopped_on_its_node_for_the_server_alone(site: Site) -> None:
    address = site.proxy.url + "/_wakari/v1/apps/stop"
    body = {"instance": "0" * 20, "node": "compute1", "requested_by": "wakari"}
    assert requests.post(address, json=body, timeout=20).status_code == 401
    assert requests.post(address, json=body | {"node": "other"}, headers=signed(site), timeout=20).status_code == 404
    assert requests.post(address, json=body | {"instance": "/"}, headers=signed(site), timeout=20).status_code == 422
    assert requests.post(address, json=body, headers=signed(site), timeout=20).status_code == 200
    told = [said for path, said in site.node.asked if path == "/_wakari/v1/apps/stop"]
    assert told == [{"instance": "0" * 20, "requested_by": "wakari"}]


def test_status_gathers_the_nodes(site: Site) -> None:
    address = site.proxy.url + "/_wakari/v1/status"
    assert requests.get(address, headers=signed(site), timeout=20).json() == {"status": "ok", "messages": []}
    file = site.proxy.prefix / "etc/wakari/nodes.d/compute2.json"
    file.write_text(json.dumps({"name": "compute2", "url": "http://127.0.0.1:1", "key": tokens.new_key()}))
    time.sleep(1.1)
    answer = requests.get(address, headers=signed(site), timeout=20).json()
    assert answer["status"] == "degraded"
    assert answer["messages"][0].startswith("compute2: ")
    file.unlink()
    time.sleep(1.1)
    assert requests.get(address, headers=signed(site), timeout=20).json()["status"] == "ok"
    assert requests.get(site.proxy.url + "/_wakari/health", timeout=20).json() == {"status": "ok", "messages": []}


def test_registering_again_changes_nothing_and_needs_no_password(site: Site) -> None:
    before = registration(site)
    done = configure(site.proxy.prefix, site.server.url, site.proxy.port)
    assert (done.returncode, json.loads(done.stdout)["changed"]) == (0, False), done.stderr
    assert registration(site) == before


def test_nothing_secret_is_logged(site: Site) -> None:
    time.sleep(0.3)
    known = registration(site)
    text = "".join(path.read_text() for path in (site.proxy.prefix / "var/log/wakari").iterdir())
    assert known["CLIENT_SECRET"] not in text
    assert site.node.key not in text
    assert PASSWORD not in text
    assert not re.search(r"\bwk_[A-Za-z0-9_-]{20,}", text)
    assert not re.search(r"eyJ[\w-]+\.eyJ", text)
