# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading public projects without signing in: where the site allows it, that and no more. Real server and gateway."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests
import websocket

from tests.integration.gateway.node import INSTANCE
from tests.integration.gateway.site import PERSON, Site
from tests.integration.gateway.site import site as run_site
from tests.mongod import Mongod
from wakari.store.records import Project


@pytest.fixture(scope="module")
def site(mongod: Mongod) -> Iterator[Site]:
    with run_site(mongod, "gateway-visitors") as running:
        running.node.open_answer = (200, {"instance": INSTANCE, "state": "running", "permission": "read"})
        yield running


def until(good: Callable[[], bool]) -> None:
    """Wait until it is so: the site's setting reaches each process of the gateway within ten seconds or so."""
    deadline = time.monotonic() + 30
    while not good():
        assert time.monotonic() < deadline
        time.sleep(0.3)


def get(site: Site, project: Project, app: str = "viewer", **headers: str) -> requests.Response:
    address = f"{site.proxy.url}/{project.owner}/{project.name}/{app}/"
    return requests.get(address, headers=headers, timeout=20, allow_redirects=False)


@pytest.fixture
def public(site: Site) -> Project:
    project = site.new_project()
    changed = site.kit.services.store.projects.update(project.id, {"public": True})
    assert changed is not None
    return changed


@pytest.fixture(scope="module")
def closed(site: Site) -> Site:
    """The site as it is installed."""
    return site


@pytest.fixture(scope="module")
def opened(site: Site) -> Site:
    """The site after an administrator let visitors in, as far as all of the gateway knows."""
    site.kit.services.site.change({"anonymous_reading": True}, actor="wakari")
    project = site.new_project()
    site.kit.services.store.projects.update(project.id, {"public": True})
    seen = 0

    def each_time() -> bool:
        nonlocal seen
        seen = seen + 1 if get(site, project).status_code == 200 else 0
        return seen > 10

    until(each_time)
    site.node.seen.clear()
    site.node.asked.clear()
    return site


def test_at_first_nobody_reads_without_signing_in(closed: Site, public: Project) -> None:
    answer = get(closed, public)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_signed_in")
    page = get(closed, public, Accept=PERSON["Accept"])
    assert (page.status_code, urlsplit(page.headers["Location"]).path) == (302, "/_wakari/login")
    assert closed.node.asked == []


def test_a_visitor_reads_a_public_project_as_nobody(opened: Site, public: Project) -> None:
    forged = {"X-Wakari-User": public.owner, "X-Wakari-Level": "admin", "X-Wakari-Credential": "cookie"}
    assert get(opened, public, **forged).status_code == 200
    body = next(body for path, body in opened.node.asked if path.endswith("/apps/open") and body["app"] == "viewer")
    assert (body["user"], body["level"]) == (None, "read")
    seen = [value for value in opened.node.seen[-1]["headers"] if value[0].startswith("x-wakari-")]
    told = dict(map(tuple, seen))  # type: ignore[arg-type]
    assert "x-wakari-user" not in told
    assert (told["x-wakari-level"], told["x-wakari-credential"]) == ("read", "anonymous")
    assert len(told) == len(seen)


def test_what_is_private_and_what_is_not_there_look_alike(opened: Site) -> None:
    private = opened.new_project()
    nothing = private.model_copy(update={"owner": "nobody", "name": "nothing"})
    for headers in ({}, {"Accept": PERSON["Accept"]}):
        answers = [get(opened, project, **headers) for project in (private, nothing)]
        assert answers[0].status_code == answers[1].status_code
        bodies = [answer.text for answer in answers]
        if not headers:
            assert [json.loads(body)["error"]["code"] for body in bodies] == ["not_signed_in"] * 2
        else:
            assert all("/_wakari/login" in answer.headers["Location"] for answer in answers)


def test_a_visitor_changes_nothing_and_opens_no_socket(opened: Site, public: Project) -> None:
    assert get(opened, public).status_code == 200
    address = f"{opened.proxy.url}/{public.owner}/{public.name}/viewer/"
    opened.node.seen.clear()
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert requests.request(method, address, timeout=20).status_code == 401, method
    with pytest.raises(websocket.WebSocketBadStatusException, match="401"):
        websocket.create_connection(address.replace("http", "ws"), timeout=10)
    assert opened.node.seen == []


def test_an_app_for_members_leads_to_the_sign_in(opened: Site, public: Project) -> None:
    error = {"error": {"code": "app_forbidden", "message": "No.", "hint": ""}}
    good = opened.node.open_answer
    opened.node.open_answer = (403, error)
    try:
        page = get(opened, public, "notebook", Accept=PERSON["Accept"])
    finally:
        opened.node.open_answer = good
    assert (page.status_code, urlsplit(page.headers["Location"]).path) == (302, "/_wakari/login")


def test_an_ended_session_is_sent_to_sign_in_not_made_a_visitor(opened: Site, public: Project) -> None:
    assert get(opened, public, Cookie="wk_gateway=old").status_code == 401
    assert get(opened, public, Authorization="Bearer wk_dead").status_code == 401


def test_a_project_that_does_not_run_is_not_started_by_visitors(opened: Site, public: Project) -> None:
    store = opened.kit.services.store
    store.projects.update(public.id, {"state": "stopped"})
    store.transaction(lambda tx: store.projects.set_member(public.id, "person0", "member", tx))
    page = get(opened, public, Accept=PERSON["Accept"])
    assert page.status_code == 409
    assert f"start it: {public.owner}." in page.text
    assert "person0" not in page.text
    assert 'href="/_wakari/login?next=' in page.text
    found = store.projects.by_id(public.id)
    assert found is not None
    assert found.state == "stopped"


def test_visitors_are_out_when_it_turns_private(opened: Site, public: Project) -> None:
    assert get(opened, public).status_code == 200
    opened.kit.services.store.projects.update(public.id, {"public": False})
    start = time.monotonic()
    until(lambda: get(opened, public).status_code == 401)
    assert time.monotonic() - start < 2


def test_visitors_cannot_make_the_gateway_ask_without_end(opened: Site, public: Project) -> None:
    assert get(opened, public, **opened.bearer(public.owner)).status_code == 200

    def ask(number: int) -> int:
        return requests.get(f"{opened.proxy.url}/nobody/p{number}/viewer/", timeout=20).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = Counter(pool.map(ask, range(800)))  # in far less than the sixteen seconds they were allowed for
    assert set(answers) == {401, 429}, answers
    assert get(opened, public, **opened.bearer(public.owner)).status_code == 200


def test_the_site_closes_again(opened: Site, public: Project) -> None:
    until(lambda: get(opened, public).status_code == 200)
    opened.kit.services.site.change({"anonymous_reading": False}, actor="wakari")
    until(lambda: get(opened, public).status_code == 401)
