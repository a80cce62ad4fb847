# SPDX-License-Identifier: GPL-3.0-or-later
"""Open redirect: an address of ours that leads who just signed in to another site (five advisories of peers)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote, urljoin, urlsplit

import pytest
import requests

from tests.integration.gateway.site import Site
from tests.integration.gateway.site import site as run_site
from tests.mongod import Mongod

EVIL = [
    "//evil.example.org",
    "///evil.example.org",
    "////evil.example.org",
    "/\\evil.example.org",
    "\\\\evil.example.org",
    "/\\/evil.example.org",
    "\\/evil.example.org",
    "/\t/evil.example.org",
    "\t//evil.example.org",
    " //evil.example.org",
    "/\n/evil.example.org",
    "/\r\nLocation: http://evil.example.org",
    "/%09/evil.example.org",
    "/%5cevil.example.org",
    "%2f%2fevil.example.org",
    "/%2f/evil.example.org",
    "//evil.example.org/%2f..",
    "http://evil.example.org",
    "HTTP:evil.example.org",
    "http:/evil.example.org",
    "http:///evil.example.org",
    "https:evil.example.org",
    "javascript:alert(1)",
    "data:text/html,x",
    "{own}@evil.example.org",
    "//{host}@evil.example.org",
    "//user@evil.example.org",
    "{own}.evil.example.org",
    "/.//evil.example.org",
    "/..//evil.example.org",
    "/a/..//evil.example.org",
    ".evil.example.org",
    "@evil.example.org",
    ":80@evil.example.org",
    "//evil\u3002example\u3002org",
    "/\u2028/evil.example.org",
    "/\x00/evil.example.org",
    "",
    "evil.example.org",
    "?next=//evil.example.org",
    "#//evil.example.org",
]


@pytest.fixture(scope="module")
def site(mongod: Mongod) -> Iterator[Site]:
    with run_site(mongod, "gateway-redirect") as running:
        yield running


@pytest.fixture(scope="module")
def browser(site: Site) -> requests.Session:
    """Return the browser of somebody who is signed in at the server and at the gateway."""
    project = site.new_project()
    signed_in, page = site.browser(project.owner, site.app_url(project))
    assert page.status_code == 200
    return signed_in


def as_a_browser_reads(base: str, location: str) -> str:
    """Return where a browser goes (WHATWG URL): a backslash is a slash, tabs and ends of line are not there."""
    location = re.sub("[\t\r\n]", "", location).strip("\x00 ").replace("\\", "/")
    if location.startswith("//"):
        location = "//" + location.lstrip("/")
    return urljoin(base, location)


def hops(site: Site, browser: requests.Session, address: str) -> list[str]:
    """Return every address the browser is sent to, from this one on, until an answer that is no redirect."""
    passed = []
    for _ in range(8):
        answer = browser.get(address, allow_redirects=False, timeout=20)
        if not answer.is_redirect:
            return passed
        address = as_a_browser_reads(address, answer.headers["Location"])
        passed.append(address)
        if urlsplit(address).netloc not in {site.proxy.host, urlsplit(site.server.url).netloc}:
            return passed
    raise AssertionError(passed)


@pytest.mark.parametrize("target", EVIL)
def test_sign_in_leads_nowhere_else(site: Site, browser: requests.Session, target: str) -> None:
    wanted = target.replace("{own}", site.proxy.url).replace("{host}", site.proxy.host)
    passed = hops(site, browser, f"{site.proxy.url}/_wakari/login?next={quote(wanted, safe='')}")
    ours = {site.proxy.host, urlsplit(site.server.url).netloc}
    assert passed
    assert {urlsplit(one).netloc for one in passed} <= ours, passed
    assert "evil" not in urlsplit(passed[-1]).netloc


def test_sign_in_leads_back_to_the_app(site: Site, browser: requests.Session) -> None:
    """Without this, a sign-in that always leads to the root would pass the table above."""
    passed = hops(site, browser, f"{site.proxy.url}/_wakari/login?next=%2Falice%2Fp1%2Fnotebook%2Flab%3Fa%3Db")
    assert f"{site.proxy.url}/alice/p1/notebook/lab?a=b" in passed


def test_two_nexts_are_not_read_in_two_ways(site: Site, browser: requests.Session) -> None:
    passed = hops(site, browser, f"{site.proxy.url}/_wakari/login?next=/a/b/c/&next=//evil.example.org")
    assert "evil.example.org" not in {urlsplit(one).netloc for one in passed}


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example.org/a/b",
        "//evil.example.org",
        "/\\evil.example.org",
        "/evil.example.org//",
        "///alice/p1/notebook",
        "/%5cevil.example.org/p1/notebook",
        "/alice/p1/notebook?//evil.example.org",
        "/alice/p1/notebook/%0d%0aLocation:%20http://evil.example.org",
    ],
)
@pytest.mark.parametrize("signed_in", [True, False])
def test_no_address_of_an_app_leads_elsewhere(
    site: Site, browser: requests.Session, target: str, *, signed_in: bool
) -> None:
    cookie = "; ".join(f"{one.name}={one.value}" for one in browser.cookies) if signed_in else "a=b"
    head = f"GET {target} HTTP/1.1\r\nHost: {site.proxy.host}\r\nAccept: text/html\r\nCookie: {cookie}\r\n"
    answer = site.proxy.raw((head + "Connection: close\r\n\r\n").encode()).partition(b"\r\n\r\n")[0].decode("latin-1")
    locations = re.findall(r"(?im)^location: *(.*)$", answer)
    assert len(locations) <= 1
    for location in locations:
        place = urlsplit(as_a_browser_reads(site.proxy.url + "/", location.strip())).netloc
        assert place in {site.proxy.host, urlsplit(site.server.url).netloc}
    assert not re.search(r"(?im)^location: *http://evil", answer)
