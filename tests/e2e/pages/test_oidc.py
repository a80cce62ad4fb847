# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in at an OpenID provider in a real browser, there and back; the provider is another site, as in life."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import OUT
from tests.e2e.pages.conftest import served
from tests.e2e.pages.looks import open_to_everybody
from tests.integration.accounts.provider_process import CLIENT_ID, CLIENT_SECRET, Provider
from tests.mongod import Mongod
from tests.serverkit import PASSWORD, Kit

PEOPLE: dict[str, dict[str, Any]] = {
    "s-otto": {"preferred_username": "otto", "name": "Otto Example", "groups": ["makers"]},
    "s-taken": {"preferred_username": "wakari"},
}


@dataclass
class Offered:
    """The server, and the provider that its sign-in page leads to."""

    url: str
    kit: Kit
    provider: Provider


def settings_of(issuer: str) -> dict[str, Any]:
    """Return what a server's settings say of a provider."""
    section = {"ISSUER": issuer, "CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET, "TITLE": "Example ID"}
    return {"accounts": "oidc", "oidc": {**section, "GROUP_MAP": {"makers": "makers"}}}


@pytest.fixture(scope="module")
def offered(mongod: Mongod, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Offered]:
    providers: list[Provider] = []

    def settings(url: str) -> dict[str, Any]:
        # Not 127.0.0.1, which is our own: a cookie that no other site may come back with would stay unnoticed.
        provider = Provider(f"{url}/login/oidc/callback", PEOPLE, "localhost")
        provider.start()
        providers.append(provider)
        return settings_of(provider.issuer)

    OUT.mkdir(exist_ok=True)
    try:
        with served(tmp_path_factory.mktemp("oidc") / "prefix", mongod, "oidc", settings) as (url, kit):
            kit.user("wakari", "superuser")
            yield Offered(url, kit, providers[0])
    finally:
        for provider in providers:
            provider.stop()


@pytest.fixture
def page(offered: Offered, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(base_url=offered.url)
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def go(page: Page, who: str) -> None:
    """Follow the button, and say at the provider who one is."""
    page.get_by_role("link", name="Sign in with Example ID").click()
    page.get_by_label("Who").fill(who)
    page.get_by_role("button", name="Go on").click()


def test_there_and_back_to_the_page_that_was_wanted(offered: Offered, page: Page) -> None:
    page.goto("/settings")
    open_to_everybody(page, "sign-in-oidc")
    go(page, "s-otto")
    expect(page).to_have_url(f"{offered.url}/settings")
    expect(page.get_by_role("main")).to_contain_text("Your password is kept by Example ID, not here")
    assert offered.kit.services.accounts.get("otto").groups == ("makers",)
    page.get_by_role("button", name="Sign out").click()
    page.goto("/settings")
    expect(page.get_by_role("link", name="Sign in with Example ID")).to_be_visible()


def test_the_button_is_reached_by_the_keyboard_alone(page: Page) -> None:
    page.goto("/login")
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Sign in with Example ID":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_label("Who")).to_be_visible()


def test_an_administrator_signs_in_below_the_button(page: Page) -> None:
    page.goto("/login")
    page.get_by_text("Sign in with a local password").click()
    page.get_by_label("User name").fill("wakari")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("link", name="Admin")).to_be_visible()


@pytest.mark.parametrize(
    ("who", "name", "said"),
    [("", "refused", "Nobody <b>today</b>"), ("s-taken", "taken", "belongs to another account")],
    ids=["refused", "taken"],
)
def test_who_does_not_get_in_reads_why_on_a_page_for_everybody(page: Page, who: str, name: str, said: str) -> None:
    page.goto("/login")
    go(page, who)
    expect(page.get_by_role("alert")).to_contain_text(said)
    open_to_everybody(page, f"sign-in-oidc-{name}")


def test_while_the_provider_is_away_the_page_says_so(mongod: Mongod, browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path / "prefix", mongod, "oidc-away", lambda _: settings_of("http://localhost:1")) as (url, _):
        page = browser.new_page(base_url=url)
        page.goto("/login")
        page.get_by_role("link", name="Sign in with Example ID").click()
        expect(page.get_by_role("alert")).to_contain_text("Example ID cannot be reached")
        open_to_everybody(page, "sign-in-oidc-away")
        page.close()
