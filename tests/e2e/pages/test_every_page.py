# SPDX-License-Identifier: GPL-3.0-or-later
"""Every page: axe finds nothing serious in light and dark, nothing is wider than a phone, each role sees its own."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.conftest import OUT
from tests.e2e.pages.conftest import Pages
from tests.e2e.pages.scene import OWNER
from wakari.access import has
from wakari.server.pages.admin_menu import ENTRIES

SERIOUS = {"serious", "critical"}
AXE = Axe()
EVERYBODY = {
    "sign-in": ("", "/login"),
    "home": (OWNER, "/"),
    "home-empty": ("nina", "/"),
    "new-project": (OWNER, "/new"),
    "project-running": (OWNER, "/ada/ocean"),
    "project-starting": (OWNER, "/ada/forecast"),
    "project-error": (OWNER, "/ada/genomes"),
    "project-stopped": (OWNER, "/ada/archive-2019"),
    "project-of-others": ("ben", "/ada/ocean"),
    "project-settings": (OWNER, "/ada/ocean/settings"),
    "account": (OWNER, "/settings"),
    "not-found": (OWNER, "/ada/nothing"),
}
ADMIN = {f"admin-{entry.tab}": ("wakari", entry.address) for entry in ENTRIES}
ALL = EVERYBODY | ADMIN
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTH = 360  # of a small phone, in CSS pixels


def serious(page: Page) -> list[tuple[str, list[Any]]]:
    found = AXE.run(page).response["violations"]
    return [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found if one["impact"] in SERIOUS]


@pytest.mark.parametrize("name", ALL)
def test_nothing_serious_is_in_the_way_of_anybody(pages: Pages, name: str) -> None:
    person, path = ALL[name]
    page = pages.open(path, person)
    try:
        assert page.get_by_role("main").count() == 1
        assert page.get_by_role("heading", level=1).count() == 1
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            page.screenshot(path=OUT / f"page-{name}-{scheme}.png", full_page=True)
            assert serious(page) == [], scheme
        page.set_viewport_size({"width": WIDTH, "height": 740})
        page.screenshot(path=OUT / f"page-{name}-phone.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH
    finally:
        page.close()


@pytest.mark.parametrize("person", ["ada", "helga", "wakari"])
def test_the_menu_holds_what_one_may_open_and_no_more(pages: Pages, person: str) -> None:
    caller = pages.kit.caller(pages.kit.services.accounts.get(person))
    wanted = [entry.words for entry in ENTRIES if has(caller, entry.action)]
    page = pages.open("/admin", person)
    try:
        links = page.get_by_role("navigation", name="Administration").get_by_role("link")
        assert [link.inner_text().splitlines()[0] for link in links.all()] == wanted
        for entry in ENTRIES:
            answer = page.request.get(pages.url + entry.address)
            assert answer.status == (200 if has(caller, entry.action) else 403), entry.address
    finally:
        page.close()
