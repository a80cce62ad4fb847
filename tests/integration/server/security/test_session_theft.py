# SPDX-License-Identifier: GPL-3.0-or-later
"""Would have caught: a session that a neighbour host, a script or a plain connection can take (security rule 12)."""

from __future__ import annotations

from dataclasses import replace
from http.cookies import SimpleCookie

import pytest

from tests.integration.server.security.routes import addresses
from tests.integration.server.test_oauth import Flow
from tests.serverkit import PASSWORD, URL, Browser, GatewaySite, Kit
from wakari.server.services import EXTENSION
from wakari.server.who import COOKIE

EXPECTED = {COOKIE, "wk_form"}


def cookies_of(kit: Kit, browser: Browser, url: str) -> dict[str, list[str]]:
    """Return each Set-Cookie of every page and of signing in and out, by the cookie's name."""
    found: dict[str, list[str]] = {}

    def take(lines: list[str]) -> None:
        for line in lines:
            found.setdefault(line.partition("=")[0], []).append(line)

    for one in addresses(kit.app):
        if one.method == "GET":
            take(browser.client.get(one.path, base_url=url).headers.getlist("Set-Cookie"))
    for path, fields in (("/login", {"username": "alice", "password": PASSWORD}), ("/logout", {})):
        shown = browser.client.get("/login" if path == "/login" else "/settings", base_url=url)
        take(shown.headers.getlist("Set-Cookie"))
        token = shown.text.partition('name="csrf_token" value="')[2].partition('"')[0]
        answer = browser.client.post(
            path, data={**fields, "csrf_token": token}, base_url=url, headers={"Origin": url, "Referer": f"{url}/"}
        )
        assert answer.status_code == 303, (path, answer.status_code)
        take(answer.headers.getlist("Set-Cookie"))
    return found


@pytest.mark.parametrize("url", [URL, "https://server.test"])
def test_each_cookie_is_for_this_host_its_http_and_its_own_pages(kit: Kit, url: str) -> None:
    secure = url.startswith("https")
    settings = kit.services.settings.model_copy(update={"url": url})
    kit.app.extensions[EXTENSION] = replace(kit.services, settings=settings)
    kit.app.config["SESSION_COOKIE_SECURE"] = settings.secure
    kit.user("alice")
    found = cookies_of(kit, kit.browser(), url)
    assert set(found) == EXPECTED, "a cookie that nobody judged"
    for lines in found.values():
        for line in lines:
            (cookie,) = SimpleCookie(line).values()
            assert cookie["domain"] == "", f"other hosts of the domain get it: {line}"
            assert cookie["httponly"] is True, f"scripts read it: {line}"
            assert cookie["samesite"] in {"Lax", "Strict"}, f"other sites send it: {line}"
            assert cookie["path"] == "/", line
            assert bool(cookie["secure"]) is secure, line


def test_the_settings_decide_over_secure_cookies(kit: Kit) -> None:
    assert kit.app.config["SESSION_COOKIE_SECURE"] is kit.services.settings.secure is False
    assert kit.services.settings.model_copy(update={"url": "https://server.test"}).secure is True


def test_a_sign_in_takes_no_session_that_was_laid_before_it(kit: Kit) -> None:
    """Session fixation: the cookie somebody put into the browser beforehand is not the one that gets the rights."""
    kit.user("alice")
    browser = kit.browser(kit.services.accounts.get("alice"))
    first = browser.client.get_cookie(COOKIE, domain="server.test")
    browser.submit("/login", {"username": "alice", "password": PASSWORD}, "/settings")
    second = browser.client.get_cookie(COOKIE, domain="server.test")
    assert first is not None
    assert second is not None
    assert first.value != second.value
    stale = kit.browser()
    stale.client.set_cookie(COOKIE, first.value, domain="server.test")
    assert stale.get("/").status_code == 303
    chosen = kit.browser()
    chosen.client.set_cookie(COOKIE, "chosen-by-somebody-else", domain="server.test")
    chosen.submit("/login", {"username": "alice", "password": PASSWORD})
    after = chosen.client.get_cookie(COOKIE, domain="server.test")
    assert after is not None
    assert after.value != "chosen-by-somebody-else"


def test_what_a_gateway_holds_for_a_person_opens_nothing_here(kit: Kit, gateway_site: GatewaySite) -> None:
    """The gateway's session is bound to it: another secret, no API, no page."""
    flow = Flow(gateway_site, kit.browser(kit.user("alice", "superuser")))
    answer = flow.token(flow.code())
    assert answer.status_code == 200
    access, sid = answer.json["access_token"], answer.json["sid"]
    for secret in (access, sid, gateway_site.secret):
        for one in addresses(kit.app):
            if one.method == "GET" and one.path.startswith("/api/v1/") and not one.path.endswith("openapi.json"):
                told = kit.app.test_client().get(one.path, headers={"Authorization": f"Bearer {secret}"})
                assert told.status_code == 401, (one, told.status_code)
        thief = kit.browser()
        thief.client.set_cookie(COOKIE, secret, domain="server.test")
        assert thief.get("/").status_code == 303
    held = flow.browser.client.get_cookie(COOKIE, domain="server.test")
    assert held is not None
    assert held.value not in {access, sid}


def test_the_database_holds_no_secret_that_signs_in(kit: Kit) -> None:
    alice = kit.user("alice")
    browser, token = kit.browser(alice), kit.token(alice)
    cookie = browser.client.get_cookie(COOKIE, domain="server.test")
    assert cookie is not None
    store = kit.services.store
    stored = "".join(
        str(document) for name in store.database.list_collection_names() for document in store.database[name].find()
    )
    assert "alice" in stored
    for secret in (cookie.value, token, PASSWORD):
        assert secret not in stored
