# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the apps do with a page: sign in, open an app, use JupyterLab's tree, menus and dialogs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.functional.platform import Account, Site

START = 120_000  # milliseconds for an app to start and its page to load, on a busy machine
TAKEN = 10_000  # milliseconds in which a kernel has taken a cell that was run, on a busy machine

RUNS = """() => /[0-9]/.test(document.querySelector('.jp-Notebook .jp-Cell .jp-InputPrompt').textContent)
    || document.querySelector('.jp-Notebook-ExecutionIndicator').dataset.status === 'busy'"""


@dataclass(frozen=True)
class Project:
    """A running project, and the host it is on."""

    path: str
    urls: dict[str, str]
    node: str

    @classmethod
    def of(cls, answer: dict[str, Any], site: Site) -> Project:
        nodes = {one["name"]: one["url"] for one in site.admin().call("GET", "/nodes")["items"]}
        host = site.host_at(nodes[answer["nodes"][0]])
        return cls(f"{answer['owner']}/{answer['name']}", answer["urls"]["apps"], host)

    @property
    def folder(self) -> str:
        return f"/projects/{self.path}"


def signed_in(browser: Browser, site: Site, person: Account) -> BrowserContext:
    """Return a browser of its own for the person, signed in."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, accept_downloads=True)
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.goto(site.server_url)
    page.get_by_label("User name").fill(person.name)
    page.get_by_label("Password").fill(person.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Password")).to_have_count(0)
    page.close()
    return context


def run_first_cell(page: Page) -> None:
    """Run the first cell of a notebook, and press again if it was lost.

    Jupyter forgets a cell that is run in the moment in which its kernel comes up; a person presses again.

    Raises:
        PlaywrightTimeoutError: When the kernel took none of three runs.
    """
    expect(page.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute("data-status", "idle", timeout=START)
    for last in (False, False, True):
        page.locator(".jp-Notebook .jp-Cell .cm-content").first.click()
        page.keyboard.press("Shift+Enter")
        try:
            page.wait_for_function(RUNS, timeout=TAKEN)
        except PlaywrightTimeoutError:
            if last:
                raise
        else:
            return


class Jupyter:
    """A page of Notebook, Lab or Workbench."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    def open(cls, context: BrowserContext, url: str) -> Jupyter:
        """Open the app and wait until its tree is there."""
        page = context.new_page()
        page.goto(url)
        app = cls(page)
        expect(page.locator(".jp-DirListing-content").first).to_be_visible(timeout=START)
        expect(page.locator("#jupyterlab-splash")).to_have_count(0, timeout=START)
        return app

    def item(self, name: str) -> Locator:
        """Return a file or folder of the tree."""
        text = self.page.locator(".jp-DirListing-itemText", has_text=re.compile(f"^{re.escape(name)}$"))
        return self.page.locator(".jp-DirListing-item", has=text)

    def choose(self, name: str, command: str) -> None:
        """Choose from the context menu of a file or folder."""
        self.item(name).click(button="right")
        self._menu(command)

    def choose_here(self, command: str) -> None:
        """Choose from the context menu of the folder that is open."""
        listing = self.page.locator(".jp-DirListing-content:visible").first
        box = listing.bounding_box()
        assert box is not None
        listing.click(button="right", position={"x": box["width"] / 2, "y": box["height"] - 10})
        self._menu(command)

    def _menu(self, command: str) -> None:
        self.page.locator(".lm-Menu-item", has_text=re.compile(f"^{re.escape(command)}")).first.click()
        expect(self.page.locator(".lm-Menu")).to_have_count(0)

    def tool(self, command: str) -> None:
        """Press a button above the tree."""
        self.page.locator(f'.jp-FileBrowser-toolbar [data-command="{command}"]').first.click()

    def name_it(self, name: str) -> None:
        """Give a name to what is being made or renamed in the tree."""
        editor = self.page.locator(".jp-DirListing-editor")
        editor.fill(name)
        editor.press("Enter")
        expect(self.item(name)).to_be_visible()

    def dialog(self, button: str) -> None:
        """Press a button of the open dialog."""
        self.page.locator(".jp-Dialog").get_by_role("button", name=button, exact=True).click()
        expect(self.page.locator(".jp-Dialog")).to_have_count(0)

    def enter(self, name: str) -> None:
        """Open a folder."""
        self.item(name).dblclick()
        crumb = self.page.locator(".jp-BreadCrumbs-item", has_text=name)
        expect(crumb.first).to_be_visible()

    def home(self) -> None:
        """Go to the top of the tree."""
        self.page.locator(".jp-BreadCrumbs-home").click()
        expect(self.item("public")).to_be_visible()
