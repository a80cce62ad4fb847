# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium, headless, as a person would use it; pictures of each failure under tests/e2e/out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.functional.platform import LOCAL, Site

OUT = Path(__file__).parent / "out"
CHROMIUM = "/usr/bin/chromium"
# The test hosts are reachable, the internet is not: nothing that would look for it.
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="session")
def site() -> Site:
    assert LOCAL.exists(), "No platform is running: `make up` starts one."
    return Site.read()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    page = context.new_page()
    yield page
    OUT.mkdir(exist_ok=True)
    for number, opened in enumerate(context.pages):
        opened.screenshot(path=OUT / f"{request.node.name}-{number}.png")
    context.close()
