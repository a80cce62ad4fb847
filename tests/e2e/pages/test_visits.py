# SPDX-License-Identifier: GPL-3.0-or-later
"""Visits from beginning to end, as user, staff and superuser, by labels and keys; and some without JavaScript."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.pages.conftest import Pages, sign_in


@pytest.fixture
def scriptless(pages: Pages) -> Iterator[Page]:
    context = pages.browser.new_context(base_url=pages.url, java_script_enabled=False)
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def create(page: Page, name: str) -> None:
    page.get_by_role("link", name="New project").first.click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_role("heading", level=1, name=re.compile(name))).to_be_visible()


def test_a_user_makes_a_project_and_picks_a_colleague_from_what_is_offered(visitor: Page) -> None:
    sign_in(visitor, "nina")
    expect(visitor.get_by_text("Create your first project")).to_be_visible()
    create(visitor, "picked")
    visitor.get_by_role("link", name="Team and settings").click()
    field = visitor.get_by_label("User name")
    field.press_sequentially("be")
    offered = visitor.locator("datalist#people option")
    expect(offered).to_have_count(1)
    expect(offered).to_have_attribute("value", "ben")
    field.fill("ben")
    visitor.get_by_role("button", name="Add").click()
    expect(visitor.get_by_role("status")).to_contain_text("ben is in the team now")
    visitor.get_by_label("User name").press_sequentially("be")
    expect(offered).to_have_count(0)  # who is in the team is not offered again
    visitor.get_by_role("button", name="Remove ben").click()
    expect(visitor.get_by_role("status")).to_contain_text("no longer in the team")


def test_a_project_is_started_and_its_progress_comes_without_a_reload(visitor: Page, pages: Pages) -> None:
    sign_in(visitor, "nina")
    create(visitor, "moving")
    visitor.get_by_role("button", name="Start").click()
    expect(visitor.get_by_text("Starting", exact=True)).to_be_visible()
    store = pages.kit.services.store
    project = store.projects.get("nina", "moving")
    assert project
    assert project.task
    line = {"step": "environment", "message": "Cloning the environment", "fraction": 0.5}
    store.projects.set_progress(project.id, project.task, line)
    expect(visitor.get_by_text("Cloning the environment")).to_be_visible()
    expect(visitor.get_by_role("progressbar")).to_have_attribute("value", "50")
    task = project.task
    store.transaction(lambda tx: store.projects.settle(project.id, task, "running", None, tx))
    expect(visitor.get_by_text("Running", exact=True)).to_be_visible()
    expect(visitor.get_by_role("link", name=re.compile("^Notebook"))).to_be_visible()


def test_everything_is_reached_by_keyboard_in_the_order_it_is_read(visitor: Page) -> None:
    visitor.goto("/login")
    expect(visitor.get_by_label("User name")).to_be_focused()
    visitor.keyboard.type("nina")
    visitor.keyboard.press("Tab")
    expect(visitor.get_by_label("Password")).to_be_focused()
    visitor.keyboard.type("correct horse battery")
    visitor.keyboard.press("Enter")
    expect(visitor.get_by_role("link", name="New project").first).to_be_visible()
    visitor.keyboard.press("Tab")
    expect(visitor.get_by_role("link", name="Go to the content")).to_be_focused()
    visitor.keyboard.press("Enter")
    visitor.keyboard.press("Tab")
    expect(visitor.get_by_role("link", name="New project").first).to_be_focused()
    tops = visitor.evaluate(
        "[...document.querySelectorAll('main a, main button, main input')].map(one => one.getBoundingClientRect().top)"
    )
    assert tops == sorted(tops)


def test_nothing_moves_for_who_asked_for_that(visitor: Page) -> None:
    sign_in(visitor, "ada")
    visitor.emulate_media(reduced_motion="reduce")
    visitor.goto("/ada/forecast")
    moving = "document.getAnimations().filter(one => one.playState === 'running').length"
    assert visitor.evaluate(moving) == 0
    visitor.emulate_media(reduced_motion="no-preference")
    assert visitor.evaluate(moving) > 0


def test_staff_look_and_add_a_person_and_change_nothing_of_the_site(visitor: Page) -> None:
    sign_in(visitor, "helga")
    visitor.get_by_role("link", name=re.compile("^Admin")).click()
    menu = visitor.get_by_role("navigation", name="Administration")
    menu.get_by_role("link", name="Users").click()
    visitor.get_by_label("User name").fill("newbie")
    visitor.get_by_role("button", name="Add user").click()
    expect(visitor.get_by_role("status")).to_contain_text("Hand over this password")
    menu.get_by_role("link", name="Running apps").click()
    expect(visitor.get_by_role("row", name=re.compile("Notebook.*of ada"))).to_be_visible()
    expect(visitor.get_by_text("Stop project")).to_have_count(0)
    menu.get_by_role("link", name="General").click()
    expect(visitor.get_by_label("Announcement")).to_be_disabled()
    menu.get_by_role("link", name="Daily report").click()
    expect(visitor.get_by_text("newbie")).to_be_visible()
    visitor.get_by_role("link", name="Yesterday").click()
    expect(visitor.get_by_text("Nobody joined in this period")).to_be_visible()


def test_a_superuser_announces_reads_errors_and_takes_the_log_away(visitor: Page, tmp_path: Path) -> None:
    sign_in(visitor, "wakari")
    visitor.get_by_role("link", name=re.compile("^Admin.*unread exceptions")).click()
    menu = visitor.get_by_role("navigation", name="Administration")
    menu.get_by_role("link", name="Exceptions").click()
    visitor.get_by_text("Details").click()
    expect(visitor.get_by_text("Traceback (most recent call last)")).to_be_visible()
    visitor.get_by_role("button", name="Mark all as read").click()
    expect(visitor.get_by_role("link", name="Admin", exact=True)).to_be_visible()

    menu.get_by_role("link", name="General").click()
    visitor.get_by_label("Announcement").fill("Maintenance on Friday")
    visitor.get_by_role("button", name="Update").click()
    expect(visitor.get_by_role("note")).to_contain_text("Maintenance on Friday")
    visitor.get_by_label("Announcement").fill("")
    visitor.get_by_role("button", name="Update").click()
    expect(visitor.get_by_role("note")).to_have_count(0)

    menu.get_by_role("link", name="Groups").click()
    visitor.get_by_label("Name", exact=True).fill("painters")
    visitor.get_by_label("Members").fill("ada\nben")
    visitor.get_by_role("button", name="Add group").click()
    expect(visitor.get_by_role("heading", name="painters 2")).to_be_visible()
    visitor.get_by_role("button", name="Take out ben of painters").click()
    expect(visitor.get_by_role("heading", name="painters 1")).to_be_visible()

    menu.get_by_role("link", name="Security log").click()
    visitor.get_by_label("Event begins with").fill("group.")
    visitor.get_by_label("Who").fill("wakari")
    visitor.get_by_role("button", name="Filter").click()
    expect(visitor.get_by_role("row", name=re.compile("group.leave"))).to_be_visible()
    expect(visitor.get_by_role("row", name=re.compile("project.create"))).to_have_count(0)
    with visitor.expect_download() as download:
        visitor.get_by_role("link", name="Export as JSON").click()
    download.value.save_as(tmp_path / "log.json")
    events = json.loads((tmp_path / "log.json").read_text())["events"]
    assert {event["event"].split(".")[0] for event in events} == {"group"}


def test_a_superuser_queues_a_dead_task_again_and_stops_one_app(visitor: Page) -> None:
    sign_in(visitor, "wakari")
    visitor.goto("/admin/tasks")
    visitor.get_by_role("link", name="See it").click()
    expect(visitor.get_by_role("heading", name="Given up")).to_be_visible()
    visitor.get_by_role("button", name=re.compile("^Queue again.*genomes")).click()
    expect(visitor.get_by_role("status")).to_contain_text("The task is queued again")
    visitor.goto("/admin/apps")
    visitor.get_by_text(re.compile("^Stop app.*terminal of ben")).click()
    visitor.get_by_role("button", name="Yes, stop terminal of ben").click()
    # Nobody is at the gateway's address on this machine: said, and the app is on the list still.
    expect(visitor.get_by_text("cannot be reached")).to_be_visible()
    expect(visitor.get_by_role("row", name=re.compile("Terminal.*of ben"))).to_be_visible()


def test_without_javascript_one_signs_in_works_and_administers(scriptless: Page) -> None:
    sign_in(scriptless, "wakari")
    create(scriptless, "plain")
    scriptless.get_by_role("link", name="Team and settings").click()
    scriptless.get_by_label("User name").fill("ben")
    scriptless.get_by_role("button", name="Add").click()
    expect(scriptless.get_by_role("button", name="Remove ben")).to_be_visible()
    scriptless.goto("/admin/apps")
    scriptless.get_by_text("Stop project ada/ocean", exact=True).first.click()
    expect(scriptless.get_by_role("button", name="Yes, stop project ada/ocean").first).to_be_visible()
    scriptless.goto("/admin/tokens")
    scriptless.get_by_role("button", name=re.compile("^Revoke Nightly")).click()
    expect(scriptless.get_by_role("status")).to_contain_text("The token of ada is revoked")


def test_a_lost_browser_is_signed_out_without_javascript(scriptless: Page, pages: Pages) -> None:
    east = pages.kit.services.store.data_centers.find("east")
    assert east
    lost = pages.kit.authorize("nina", east.id)
    sign_in(scriptless, "nina")
    scriptless.goto("/settings")
    scriptless.get_by_role("navigation", name="Account").get_by_role("link", name="Applications").click()
    scriptless.get_by_text("Revoke Firefox on Linux at east", exact=True).click()
    scriptless.get_by_role("button", name="Yes, revoke Firefox on Linux at east").click()
    expect(scriptless.get_by_role("status")).to_contain_text("The authorization is revoked")
    expect(scriptless.get_by_text("No gateway acts for you.")).to_be_visible()
    assert pages.kit.services.store.sessions.get(lost.session) is None
