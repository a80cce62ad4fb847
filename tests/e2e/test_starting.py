# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening an app of a stopped project in a real browser: it starts, the page follows it, the app opens by itself."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import OUT
from tests.e2e.test_first_visit import sign_in
from tests.functional.platform import Account, Site

pytestmark = pytest.mark.platform


def stopped_project(person: Account, name: str) -> str:
    """Create a project that never ran; return the address of its Viewer."""
    made = person.call("POST", "/projects", {"name": name})
    assert made["state"] == "stopped"
    return str(made["urls"]["apps"]["viewer"])


def test_an_app_of_a_stopped_project_opens_by_itself(page: Page, site: Site) -> None:
    person = site.new_account("erin")
    viewer = stopped_project(person, "asleep")
    sign_in(page, site, person.name, person.password)
    expect(page.get_by_text("asleep").first).to_be_visible()
    page.goto(viewer)
    expect(page.get_by_role("heading", name=f"{person.name}/asleep is starting")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_visible()
    page.screenshot(path=OUT / "starting.png")
    expect(page.get_by_role("link", name="Welcome.txt")).to_be_visible(timeout=180_000)
    assert page.url == viewer


def test_who_stops_it_meanwhile_is_asked_again_by_a_button(page: Page, site: Site) -> None:
    person = site.new_account("fred")
    viewer = stopped_project(person, "changed-mind")
    sign_in(page, site, person.name, person.password)
    expect(page.get_by_text("changed-mind").first).to_be_visible()
    page.goto(viewer)
    expect(page.get_by_role("heading", name="is starting")).to_be_visible()
    person.call("POST", f"/projects/{person.name}/changed-mind/stop")
    person.wait(f"{person.name}/changed-mind", "stopped", 180)
    button = page.get_by_role("button", name="Start")
    expect(button).to_be_visible(timeout=60_000)
    page.screenshot(path=OUT / "starting-button.png")
    assert person.call("GET", f"/projects/{person.name}/changed-mind")["state"] == "stopped"
    button.click()
    expect(page.get_by_role("heading", name=re.compile("is starting"))).to_be_visible()
    expect(page.get_by_role("link", name="Welcome.txt")).to_be_visible(timeout=180_000)
