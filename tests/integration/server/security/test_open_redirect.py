# SPDX-License-Identifier: GPL-3.0-or-later
"""Would have caught: an address of ours that sends people to somebody else's site (security rule 10).

Every page and every form is asked with foreign targets in every parameter that is ever read as a target, in the Host
and in the Referer; wherever the answer leads, it stays here.
"""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

import pytest

from tests.integration.server.security.routes import forms, pages
from tests.serverkit import PASSWORD, URL, Browser, Kit

PARAMETERS = ("next", "url", "target", "return", "return_to", "redirect", "redirect_uri", "continue", "back", "referer")
TARGETS = (
    "//evil.test",
    "http://evil.test/",
    "https:evil.test",
    "/\\evil.test",
    "\\/evil.test",
    "/%5cevil.test",
    "/\t/evil.test",
    "\t//evil.test",
    "/ /evil.test",
    "http://server.test@evil.test/",
    "//server.test@evil.test",
    "http://server.test.evil.test/",
    "javascript:alert(1)",
)


@pytest.fixture
def root(kit: Kit) -> Browser:
    kit.place("east")
    return kit.browser(kit.user("alice", "superuser"))


def leads_away(location: str, path: str) -> bool:
    """Return whether a browser would leave the server: it reads a backslash as a slash and drops tabs and line ends."""
    read = "".join(char for char in location if char not in "\t\r\n").strip().replace("\\", "/")
    parts = urlsplit(urljoin(URL + path, read))
    return (parts.scheme, parts.netloc) != tuple(urlsplit(URL)[:2])


@pytest.mark.parametrize("target", TARGETS)
def test_no_page_and_no_form_leads_to_a_foreign_site(root: Browser, kit: Kit, target: str) -> None:
    wrong, redirects = [], 0
    visitor = kit.browser()
    for browser, token in ((root, root.csrf("/settings")), (visitor, visitor.csrf("/login"))):
        for one in (*pages(kit.app), *forms(kit.app)):
            if one.path == "/logout":
                continue  # it would end the session of all that follow
            hostile = dict.fromkeys(PARAMETERS, target)
            answer = browser.client.open(
                one.path,
                method=one.method,
                base_url=URL,
                query_string=hostile,
                data=None if one.method == "GET" else {**hostile, "csrf_token": token},
                headers={"Origin": URL, "Referer": "http://evil.test/"},
            )
            if answer.location is not None:
                redirects += 1
                if leads_away(answer.location, one.path):
                    wrong.append((one, answer.location))
    assert redirects > 20, "hardly anything redirected: this proved nothing"
    assert wrong == []


@pytest.mark.parametrize("target", TARGETS)
def test_a_sign_in_and_a_sign_out_lead_home(kit: Kit, target: str) -> None:
    kit.user("alice")
    browser = kit.browser()
    answer = browser.submit("/login", {"username": "alice", "password": PASSWORD, "next": target})
    assert answer.status_code == 303
    assert not leads_away(answer.location, "/login")
    assert browser.get("/login", query_string={"next": target}).location == "/"
    assert browser.submit("/logout", {"next": target}, "/settings").location == "/login"


def test_a_foreign_host_is_in_no_address_that_is_given(root: Browser, kit: Kit) -> None:
    for one in pages(kit.app):
        answer = root.client.get(one.path, base_url=URL, headers={"Host": "evil.test", "X-Forwarded-Host": "evil.test"})
        assert "evil.test" not in (answer.location or ""), one
        assert "//evil.test" not in answer.text, one
