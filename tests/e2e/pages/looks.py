# SPDX-License-Identifier: GPL-3.0-or-later
"""What every page owes to everybody: nothing serious for axe, light and dark, on a phone as well."""

from __future__ import annotations

from typing import Any, Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.conftest import OUT

SERIOUS = {"serious", "critical"}
AXE = Axe()
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
WIDTH = 360  # of a small phone, in CSS pixels


def open_to_everybody(page: Page, name: str) -> None:
    """Return where the page is; AssertionError with what is in whose way otherwise. Pictures are kept by the name."""
    assert page.get_by_role("main").count() == 1
    assert page.get_by_role("heading", level=1).count() == 1
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.screenshot(path=OUT / f"page-{name}-{scheme}.png", full_page=True)
        assert _serious(page) == [], scheme
    page.set_viewport_size({"width": WIDTH, "height": 740})
    page.screenshot(path=OUT / f"page-{name}-phone.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH


def _serious(page: Page) -> list[tuple[str, list[Any]]]:
    found = AXE.run(page).response["violations"]
    return [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found if one["impact"] in SERIOUS]
