# SPDX-License-Identifier: GPL-3.0-or-later
"""Sign in, create a project, start it, open Notebook, run a cell: what a person does first, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.apps import run_first_cell
from tests.e2e.conftest import OUT
from tests.functional.platform import Site

pytestmark = pytest.mark.platform


def sign_in(page: Page, site: Site, name: str, password: str) -> None:
    page.goto(site.server_url)
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_from_sign_in_to_a_cell_that_ran(page: Page, site: Site) -> None:
    person = site.new_account("carol")
    sign_in(page, site, person.name, person.password)

    page.get_by_role("link", name="New project").first.click()
    page.get_by_label("Name", exact=True).fill("discovery")
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_role("heading", name=re.compile("discovery"))).to_be_visible()

    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("Running", exact=True)).to_be_visible(timeout=120_000)
    page.screenshot(path=OUT / "project-running.png", full_page=True)

    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Notebook").first.click()
    notebook = opened.value
    notebook.wait_for_url(re.compile(rf"/{person.name}/discovery/notebook/tree"), timeout=90_000)
    gateway = notebook.url.split(f"/{person.name}/")[0]
    assert gateway in site.gateway_urls.values()

    notebook.get_by_role("menuitem", name="New", exact=True).click()
    with page.context.expect_page() as created:
        notebook.get_by_role("menuitem", name=re.compile("Python")).first.click()
    editor = created.value
    editor.locator(".jp-Notebook .jp-Cell .cm-content").first.click()
    editor.keyboard.type("import sys; print(sys.prefix)")
    run_first_cell(editor)
    output = editor.locator(".jp-OutputArea-output")
    expect(output.first).to_contain_text(f"/projects/{person.name}/discovery/envs/default", timeout=60_000)
    editor.screenshot(path=OUT / "notebook-cell.png")


def test_a_wrong_password_says_so_and_keeps_the_name(page: Page, site: Site) -> None:
    sign_in(page, site, "nobody-here", "wrong password")
    expect(page.get_by_role("alert")).to_contain_text("User name or password is wrong")
    expect(page.get_by_label("User name")).to_have_value("nobody-here")
    assert "wk_session" not in {cookie["name"] for cookie in page.context.cookies(site.server_url)}


def test_signing_out_ends_the_visit_to_the_gateway_too(page: Page, site: Site) -> None:
    person = site.new_account("dave")
    project = person.project("ends")
    sign_in(page, site, person.name, person.password)
    expect(page.get_by_text("ends").first).to_be_visible()
    notebook = project["urls"]["apps"]["notebook"]
    page.goto(notebook)
    page.wait_for_url(re.compile(r"/notebook/tree"), timeout=90_000)

    page.goto(site.server_url)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_timeout(2000)  # the promise: every gateway knows within two seconds
    page.goto(notebook)
    expect(page.get_by_label("Password")).to_be_visible()
