# SPDX-License-Identifier: GPL-3.0-or-later
"""JupyterLab at a project's own origin, in Chromium: it works there, and other origins get nothing of it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

from tests.e2e.apps import START, run_first_cell
from tests.integration.browser.conftest import DOMAIN, Stand

pytestmark = pytest.mark.root

APP = "/alice/p1/lab/"
REFUSED = ["api/contents", "api/contents", "api/events/subscribe", ""]  # two requests, a WebSocket, a frame
# What a page of another project's tries, and what it gets: each yields a word.
FETCH = (
    "async ([url, mode]) => { try { return (await fetch(url, {mode, credentials: 'include'})).type }"
    " catch { return 'refused' } }"
)
SOCKET = (
    "url => new Promise(done => { const socket = new WebSocket(url); socket.onopen = () => done('open');"
    " socket.onerror = () => done('refused') })"
)
FRAME = (
    "url => new Promise(done => { const frame = document.createElement('iframe'); frame.src = url;"
    " frame.onload = () => done(frame.contentDocument ? 'readable' : 'closed'); document.body.append(frame) })"
)
OPENED = "() => { try { return window.opened.document.title } catch { return 'closed' } }"


@pytest.fixture(scope="module")
def requests(context: BrowserContext) -> list[Request]:
    """Return what the browser asked for so far."""
    seen: list[Request] = []

    def keep(request: Request) -> None:  # playwright takes no method of a list
        seen.append(request)

    context.on("request", keep)
    return seen


@pytest.fixture(scope="module")
def lab(stand: Stand, context: BrowserContext, requests: list[Request]) -> Page:
    """Return Lab, opened at the gateway's own origin, with a notebook."""
    page = context.new_page()
    page.goto(f"{stand.gateway}{APP}lab/tree/answer.ipynb")
    expect(page.locator(".jp-DirListing-content").first).to_be_visible(timeout=START)
    assert requests
    return page


@pytest.fixture
def sibling(stand: Stand, context: BrowserContext, lab: Page) -> Iterator[Page]:
    """Return a page of the other project's, at its origin, while the person is signed in at Lab's."""
    assert lab.url.startswith(stand.origin("p1"))
    page = context.new_page()
    page.goto(f"{stand.gateway}/alice/other/lab/page")
    assert page.url.startswith(stand.origin("other"))
    yield page
    page.close()


def cookies(request: Request) -> set[str]:
    """Return the names of the cookies that were sent."""
    sent = request.all_headers().get("cookie", "")
    return {one.partition("=")[0].strip() for one in sent.split(";")} - {""}


def test_a_cell_runs_over_the_projects_own_origin(stand: Stand, lab: Page) -> None:
    sockets: list[str] = []
    lab.on("websocket", lambda socket: sockets.append(socket.url))
    assert lab.url.startswith(f"{stand.origin('p1')}{APP}")
    run_first_cell(lab)
    expect(lab.locator(".jp-OutputArea-output").first).to_contain_text("42", timeout=START)
    own = stand.origin("p1").replace("https", "wss")
    assert [url for url in sockets if "/api/kernels/" in url]
    assert [url for url in sockets if not url.startswith(f"{own}{APP}")] == []


def test_a_terminal_runs_there(stand: Stand, lab: Page) -> None:
    lab.get_by_role("button", name=re.compile("^New Launcher")).first.click()
    lab.locator(".jp-LauncherCard:visible", has_text=re.compile("^Terminal$")).first.click(timeout=START)
    terminal = lab.locator(".jp-Terminal:visible .xterm-screen").first
    expect(terminal).to_be_visible(timeout=START)
    terminal.click()
    told = stand.project / "told.txt"
    deadline = time.monotonic() + START / 1000
    while not told.exists() or told.read_text().strip() != "42":
        assert time.monotonic() < deadline, "the terminal does not answer"
        lab.keyboard.type("echo $((6*7)) > told.txt\n")
        time.sleep(2)


@pytest.mark.usefixtures("sibling")
def test_no_origin_is_sent_anothers_cookie(
    stand: Stand, context: BrowserContext, requests: list[Request], lab: Page
) -> None:
    page = context.new_page()
    page.goto(f"{stand.gateway}/alice/no_origin/lab/page")  # a session at the gateway's own origin too
    page.reload()
    lab.reload()
    expect(lab.locator(".jp-DirListing-content").first).to_be_visible(timeout=START)
    own = [cookies(one) for one in requests if one.url.startswith(stand.origin("p1"))]
    main = [cookies(one) for one in requests if one.url.startswith(stand.gateway)]
    assert any("__Host-wk_gateway" in sent for sent in own)
    assert any("wk_gateway" in sent for sent in main)
    assert {"wk_gateway", "wk_session"} & set().union(*own) == set()
    assert {name for name in set().union(*main) if name.startswith("__Host-")} == set()
    jar = {cookie["name"]: cookie for cookie in context.cookies(stand.origin("p1"))}
    session = jar["__Host-wk_gateway"]
    assert (session["domain"], session["httpOnly"], session["secure"]) == (f"p1--alice.{DOMAIN}", True, True)
    other = {cookie["name"]: cookie for cookie in context.cookies(stand.origin("other"))}["__Host-wk_gateway"]
    assert other["value"] != session["value"]
    page.close()


def tried(stand: Stand, sibling: Page, app: str) -> list[str]:
    """Return which of its attempts on the app were refused for the page's origin; AssertionError where one got in."""
    before = len(stand.proxy.access_log())
    assert sibling.evaluate(FETCH, [f"{app}api/contents", "cors"]) == "refused"
    assert sibling.evaluate(FETCH, [f"{app}api/contents", "no-cors"]) == "opaque"
    assert sibling.evaluate(SOCKET, f"{app.replace('https', 'wss')}api/events/subscribe") == "refused"
    assert sibling.evaluate(FRAME, app) == "closed"
    refused: list[str] = []
    deadline = time.monotonic() + 5
    while len(refused) < len(REFUSED) and time.monotonic() < deadline:  # the log is written a moment after the answer
        time.sleep(0.2)
        asked = stand.proxy.access_log()[before:]
        refused = [line["path"].removeprefix(APP) for line in asked if line["reason"] == "origin_refused"]
    return refused


def test_another_projects_page_reads_opens_and_frames_nothing(stand: Stand, lab: Page, sibling: Page) -> None:
    app = f"{stand.origin('p1')}{APP}"
    assert lab.evaluate(FETCH, [f"{app}api/contents", "cors"]) == "basic", "Lab's own page may"
    deadline = time.monotonic() + 60
    while (refused := tried(stand, sibling, app)) != REFUSED:  # a busy machine may refuse for want of an answer first
        assert time.monotonic() < deadline, refused


def test_another_projects_page_opens_it_and_sees_nothing(stand: Stand, sibling: Page) -> None:
    with sibling.expect_popup() as opened:
        sibling.evaluate("url => { window.opened = window.open(url) }", f"{stand.origin('p1')}{APP}")
    expect(opened.value.locator(".jp-DirListing-content").first).to_be_visible(timeout=START)
    assert sibling.evaluate(OPENED) == "closed"
    opened.value.close()


def test_another_projects_page_has_no_part_in_the_cookie(stand: Stand, context: BrowserContext, sibling: Page) -> None:
    def session() -> list[str]:
        found = context.cookies(stand.origin("p1"))
        return [cookie["value"] for cookie in found if "wk_gateway" in cookie["name"]]

    before = session()
    assert before
    assert "wk_" not in sibling.evaluate("document.cookie")
    for name in ("__Host-wk_gateway", "__host-wk_gateway"):
        sibling.evaluate(f"document.cookie = '{name}=mine; Domain={DOMAIN}; Path=/; Secure'")
    assert session() == before
