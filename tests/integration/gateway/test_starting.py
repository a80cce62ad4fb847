# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening an app of a stopped project, as a browser does, with the real server, worker and gateway."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest
import requests

from tests.integration.gateway.site import PERSON, Site
from tests.integration.gateway.site import site as run_site
from tests.mongod import Mongod
from wakari.store.records import Project, State, Task
from wakari.worker.jobs import Jobs
from wakari.worker.runner import Runner


@pytest.fixture(scope="module")
def site(mongod: Mongod) -> Iterator[Site]:
    with run_site(mongod, "gateway-starting") as running:
        yield running


def claim(site: Site, project: Project) -> Task:
    """Return the task that moves the project, claimed as wakari-worker does. Other tests leave tasks behind."""
    while (task := site.kit.services.store.tasks.claim("w", 60)) is not None:
        if task.project_id == project.id:
            return task
    raise AssertionError("no task of this project waits")


def work(site: Site, project: Project) -> None:
    """Do the task of the project."""
    services = site.kit.services
    Runner(services.store, Jobs(services.store, services.sites), "w").run(claim(site, project))


def now(site: Site, project: Project) -> Project:
    found = site.kit.services.store.projects.by_id(project.id)
    assert found is not None
    return found


def move(site: Site, project: Project, state: State) -> None:
    site.kit.services.store.projects.update(project.id, {"state": state})


def until(browser: requests.Session, address: str, good: Callable[[requests.Response], bool]) -> requests.Response:
    """Ask again as the page does; a decision is a second old at most."""
    deadline = time.monotonic() + 10
    while not good(page := browser.get(address, timeout=20)):
        assert time.monotonic() < deadline, page.text
        time.sleep(0.2)
    return page


def signed_in(site: Site, project: Project, user: str) -> requests.Session:
    """Return the browser of somebody who is signed in at the gateway already."""
    other = site.new_project()
    if user != project.owner:
        site.kit.services.team.put(
            site.kit.caller(site.kit.services.accounts.get(project.owner)), project, user, "viewer"
        )
        browser, _ = site.browser(user, site.app_url(project))
        return browser
    store = site.kit.services.store
    store.transaction(lambda tx: store.projects.set_member(other.id, user, "member", tx))
    browser, page = site.browser(user, site.app_url(other))
    assert page.status_code == 200
    return browser


def test_opening_starts_follows_and_arrives(site: Site) -> None:
    project = site.new_project("stopped")
    browser, page = site.browser(project.owner, site.app_url(project) + "lab?reset")
    assert page.status_code == 409
    assert f"{project.owner}/demo is starting" in page.text
    assert 'http-equiv="refresh" content="1"' in page.text
    assert now(site, project).state == "starting"
    work(site, project)
    assert now(site, project).state == "running"
    arrived = until(browser, site.app_url(project) + "lab?reset", lambda page: page.status_code == 200)
    assert arrived.json()["target"] == f"/{project.owner}/demo/notebook/lab?reset"
    seen = dict(site.node.seen[-1]["headers"])
    assert "wk_" not in seen.get("cookie", "")  # the page's mark is ours, no app's


def test_the_page_does_not_overrule_who_stops_the_project(site: Site) -> None:
    project = site.new_project("stopped")
    browser, _ = site.browser(project.owner, site.app_url(project))
    assert now(site, project).state == "starting"
    move(site, project, "stopping")
    until(browser, site.app_url(project), lambda page: "is stopping" in page.text)
    move(site, project, "stopped")
    page = until(browser, site.app_url(project), lambda page: "is not running" in page.text)
    assert now(site, project).state == "stopped"
    assert "<button>Start</button>" in page.text
    assert "http-equiv" not in page.text


def test_another_sites_link_starts_nothing_but_offers_to(site: Site) -> None:
    project = site.new_project("stopped")
    browser = signed_in(site, project, project.owner)
    led = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    page = browser.get(site.app_url(project), headers=led, timeout=20)
    assert "<button>Start</button>" in page.text
    assert now(site, project).state == "stopped"
    sent = browser.post(
        site.proxy.url + "/_wakari/start",
        data={"next": f"/{project.owner}/demo/notebook/"},
        headers={"Origin": site.proxy.url},
        timeout=20,
    )
    assert "is starting" in sent.text
    assert now(site, project).state == "starting"


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
def test_another_sites_form_starts_nothing(site: Site, origin: str) -> None:
    project = site.new_project("stopped")
    browser = signed_in(site, project, project.owner)
    form = {"next": f"/{project.owner}/demo/notebook/"}
    sent = browser.post(site.proxy.url + "/_wakari/start", data=form, headers={"Origin": origin}, timeout=20)
    assert sent.status_code == 403
    assert now(site, project).state == "stopped"


@pytest.mark.parametrize(
    "target", ["//evil.example/a/b", "http://evil.example/a/b/c", "/\\evil.example/a/b/c", "/", ""]
)
def test_the_button_leads_nowhere_else(site: Site, target: str) -> None:
    project = site.new_project("stopped")
    browser = signed_in(site, project, project.owner)
    sent = browser.post(
        site.proxy.url + "/_wakari/start",
        data={"next": target},
        headers={"Origin": site.proxy.url},
        timeout=20,
        allow_redirects=False,
    )
    assert sent.status_code == 404
    assert "Location" not in sent.headers


def test_nobody_starts_without_a_session_or_with_one_that_was_signed_out(site: Site) -> None:
    project = site.new_project("stopped")
    form = {"next": f"/{project.owner}/demo/notebook/"}
    address = site.proxy.url + "/_wakari/start"
    assert requests.post(address, data=form, timeout=20).status_code == 401
    browser = signed_in(site, project, project.owner)
    cookie = {"Cookie": f"wk_gateway={browser.cookies.get('wk_gateway', domain='127.0.0.1', path='/')}"}
    own = {"Origin": site.proxy.url}
    assert browser.post(site.proxy.url + "/_wakari/logout", headers=own, timeout=20).status_code == 200
    assert requests.post(address, data=form, headers={**own, **cookie}, timeout=20).status_code == 401
    assert now(site, project).state == "stopped"


def test_a_viewer_is_told_who_can_start_it(site: Site) -> None:
    project = site.new_project("stopped")
    viewer = site.new_project().owner
    browser = signed_in(site, project, viewer)
    page = browser.get(site.app_url(project), timeout=20)
    assert f"Ask one of these people to start it: {project.owner}." in page.text
    assert "<button>" not in page.text
    sent = browser.post(
        site.proxy.url + "/_wakari/start",
        data={"next": f"/{project.owner}/demo/notebook/"},
        headers={"Origin": site.proxy.url},
        timeout=20,
    )
    assert "<button>" not in sent.text
    assert now(site, project).state == "stopped"


def test_a_failed_start_says_why_and_is_repeated_by_the_button(site: Site) -> None:
    project = site.new_project("stopped")
    browser, _ = site.browser(project.owner, site.app_url(project))
    store = site.kit.services.store
    task = claim(site, project)
    error = {"message": "No space left.", "hint": "Remove files.", "detail": {"log": ["cp: cannot write"]}}
    store.transaction(lambda tx: store.tasks.finish(task, "w", error, tx))
    store.transaction(lambda tx: store.projects.settle(project.id, task.id, "error", "Starting it: No space left.", tx))
    page = until(browser, site.app_url(project), lambda page: "could not be started" in page.text)
    assert "Starting it: No space left." in page.text
    assert "cp: cannot write" in page.text
    assert now(site, project).state == "error"
    target = re.search(r'name="next" value="([^"]+)"', page.text)
    assert target is not None
    sent = browser.post(
        site.proxy.url + "/_wakari/start", data={"next": target[1]}, headers={"Origin": site.proxy.url}, timeout=20
    )
    assert sent.url == site.app_url(project)
    assert now(site, project).state == "starting"


def test_scripts_frames_and_head_start_nothing(site: Site) -> None:
    project = site.new_project("stopped")
    headers = site.bearer(project.owner)
    requests.get(site.app_url(project), headers={**headers, "Accept": "*/*"}, timeout=20)
    requests.head(site.app_url(project), headers={**headers, **PERSON}, timeout=20)
    framed = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe", "Sec-Fetch-Site": "same-site"}
    requests.get(site.app_url(project), headers={**headers, **PERSON, **framed}, timeout=20)
    assert now(site, project).state == "stopped"
