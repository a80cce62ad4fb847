# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's pages on loopback over a real database, furnished as a site in use, opened in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from werkzeug.serving import make_server

from tests.e2e.conftest import OUT
from tests.e2e.pages.scene import PEOPLE, furnish
from tests.mongod import Mongod, mongod
from tests.serverkit import PASSWORD, Kit, write_prefix
from wakari.server import settings as settings_module
from wakari.server.app import create_app
from wakari.server.services import EXTENSION
from wakari.server.settings import ServerSettings

__all__ = ["mongod"]


@dataclass
class Pages:
    """The running server, and a signed-in browser for each person, kept for the whole run."""

    url: str
    browser: Browser
    kit: Kit
    contexts: dict[str, BrowserContext] = field(default_factory=dict)

    def context(self, person: str) -> BrowserContext:
        """Return a browser that is signed in as the person; "" for nobody."""
        if person not in self.contexts:
            made = self.browser.new_context(base_url=self.url, viewport={"width": 1280, "height": 900})
            made.set_default_timeout(30_000)
            if person:
                secret, _ = self.kit.services.store.sessions.add(person, 3600)
                made.add_cookies([{"name": "wk_session", "value": secret, "url": self.url}])
            self.contexts[person] = made
        return self.contexts[person]

    def open(self, path: str, person: str) -> Page:
        """Return the page, loaded; the caller closes it."""
        page = self.context(person).new_page()
        page.goto(path)
        return page


@contextmanager
def served(
    prefix: Path, mongod: Mongod, database: str, changes: Callable[[str], dict[str, Any]] = lambda _: {}
) -> Iterator[tuple[str, Kit]]:
    """Yield address and kit of a server over an empty database; `changes`: more of its settings, by its address."""
    write_prefix(prefix, mongod.uri, database)
    server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    loaded = settings_module.load(prefix=prefix).model_dump(exclude={"apps"})
    app = create_app(ServerSettings.model_validate({**loaded, "url": url, "cdn": None, **changes(url)}))
    server.app = app
    services = app.extensions[EXTENSION]
    services.store.init()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield url, Kit(app, services)
    finally:
        server.shutdown()
        thread.join()
        services.store.close()


@pytest.fixture(scope="session")
def pages(mongod: Mongod, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    OUT.mkdir(exist_ok=True)
    with served(tmp_path_factory.mktemp("server") / "prefix", mongod, "pages") as (url, kit):
        furnish(kit)
        made = Pages(url, browser, kit)
        yield made
        for context in made.contexts.values():
            context.close()


@pytest.fixture
def visitor(pages: Pages) -> Iterator[Page]:
    """A browser of its own for nobody: what one test does in it concerns no other."""
    context = pages.browser.new_context(base_url=pages.url)
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def sign_in(page: Page, person: str) -> None:
    """Sign in by the form."""
    assert person in PEOPLE
    page.goto("/login")
    page.get_by_label("User name").fill(person)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
