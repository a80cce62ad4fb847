# SPDX-License-Identifier: GPL-3.0-or-later
"""A project's own origin: names that are read one way only, and a sign-in that ends at the origin where it began."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.unit.gateway import make
from wakari.core.messages import Person
from wakari.core.settings import SettingsError
from wakari.gateway.app import create_app
from wakari.gateway.calls import Calls
from wakari.gateway.entry import ENTRY_COOKIE
from wakari.gateway.messages import TokenAnswer
from wakari.gateway.origins import Origins, label_of
from wakari.gateway.settings import GatewaySettings, read

DOMAIN = "apps.example.net"
MAIN = "https://gateway.example.org:8089"
DEMO = f"https://demo--alice.{DOMAIN}:8089"
OTHER = f"https://other--mallory.{DOMAIN}:8089"
SESSION = "__Host-wk_gateway"


@pytest.fixture
def settings(tmp_path: Path) -> GatewaySettings:
    return read(make.write(tmp_path, {"project_domain": DOMAIN}, EXTERNAL_GATEWAY_URL=MAIN))


@pytest.fixture
def app(settings: GatewaySettings, monkeypatch: pytest.MonkeyPatch) -> Flask:
    alice = TokenAnswer(user=Person(name="alice", uid=20001, gid=20001), sid="session-1")
    monkeypatch.setattr(Calls, "exchange_code", lambda *_: alice)
    return create_app(settings)


@pytest.mark.parametrize(
    ("owner", "project", "label"),
    [
        ("alice", "demo", "demo--alice"),
        ("a-b", "c-d", "c-d--a-b"),
        ("alice", "a--b", None),
        ("a--b", "demo", None),
        ("alice", "demo-", None),
        ("a-", "demo", None),
        ("alice", "Demo", None),
        ("alice", "my_demo", None),
        ("a_b", "demo", None),
        ("alice", "xn", None),
        ("a" * 31, "b" * 30, f"{'b' * 30}--{'a' * 31}"),
        ("a" * 31, "b" * 31, None),
    ],
)
def test_a_name_is_read_one_way_only(settings: GatewaySettings, owner: str, project: str, label: str | None) -> None:
    assert label_of(owner, project) == label
    if label:
        origins = Origins(settings)
        assert origins.of_host(f"{label}.{DOMAIN}:8089") == label
        assert origins.of_project(owner, project) == f"https://{label}.{DOMAIN}:8089"


@pytest.mark.parametrize(
    "host",
    [
        "gateway.example.org:8089",
        f"{DOMAIN}:8089",
        f"demo.{DOMAIN}:8089",
        f"a--b--c.{DOMAIN}:8089",
        f"a---b.{DOMAIN}:8089",
        f"x.demo--alice.{DOMAIN}:8089",
        "demo--alice.evil.example:8089",
        f"demo--alice.{DOMAIN}.evil.example:8089",
        f"demo--alice.not{DOMAIN}:8089",
        f"xn--alice.{DOMAIN}:8089",
    ],
)
def test_another_host_is_no_projects(settings: GatewaySettings, host: str) -> None:
    assert Origins(settings).of_host(host) is None


def test_it_needs_tls(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="begins with https"):
        read(make.write(tmp_path, {"project_domain": DOMAIN}))
    with pytest.raises(SettingsError, match="project_domain"):
        read(make.write(tmp_path, {"project_domain": "*.example.net"}, EXTERNAL_GATEWAY_URL=MAIN))


def follow(browser: FlaskClient, address: str) -> TestResponse:
    parts = urlsplit(address)
    return browser.get(f"{parts.path}?{parts.query}", base_url=f"{parts.scheme}://{parts.netloc}")


def until_ticket(browser: FlaskClient, origin: str = DEMO) -> str:
    """Sign in from the project's origin; return the address with the ticket."""
    begun = follow(browser, f"{origin}/_wakari/login?next=/alice/demo/lab/%3Fx%3D1")
    assert begun.location.startswith(f"{MAIN}/_wakari/login?entry=")
    asked = follow(browser, begun.location)
    state = parse_qs(urlsplit(asked.location).query)["state"][0]
    back = follow(browser, f"{MAIN}/_wakari/callback?code=c&state={state}")
    assert "wk_gateway=" not in " ".join(c.partition(";")[0] for c in back.headers.getlist("Set-Cookie")), "a session"
    assert back.headers["Referrer-Policy"] == "no-referrer"
    return back.location


def test_the_cookie_is_the_origins_own_and_ends_where_it_began(app: Flask) -> None:
    browser = app.test_client()
    ticket = until_ticket(browser)
    assert ticket.startswith(f"{DEMO}/_wakari/enter?ticket=")
    entered = follow(browser, ticket)
    assert (entered.status_code, entered.location) == (302, "/alice/demo/lab/?x=1")
    cookie = next(one for one in entered.headers.getlist("Set-Cookie") if one.startswith(f"{SESSION}="))
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_a_ticket_is_used_once_by_one_browser_at_one_origin(app: Flask) -> None:
    browser = app.test_client()
    ticket = until_ticket(browser)
    stranger = app.test_client()
    assert follow(stranger, ticket).status_code == 403
    until_ticket(stranger, OTHER)  # holds a secret of its own now
    for origin in (DEMO, OTHER, MAIN):
        assert follow(stranger, ticket.replace(DEMO, origin)).status_code == 403
    assert follow(browser, ticket).status_code == 302
    browser.delete_cookie(SESSION, domain=urlsplit(DEMO).hostname or "")
    assert follow(browser, ticket).status_code == 403


def test_a_ticket_of_another_origin_is_refused_even_with_its_secret(app: Flask) -> None:
    browser = app.test_client()
    ticket = until_ticket(browser)
    secret = browser.get_cookie(ENTRY_COOKIE, domain=urlsplit(DEMO).hostname or "")
    assert secret is not None
    browser.set_cookie(ENTRY_COOKIE, secret.value, domain=urlsplit(OTHER).hostname or "", secure=True)
    assert follow(browser, ticket.replace(DEMO, OTHER)).status_code == 403
    assert follow(browser, ticket).status_code == 302


@pytest.mark.parametrize("entry", ["x", "a.b.c"])
def test_a_note_that_no_origin_wrote_is_refused(app: Flask, entry: str) -> None:
    assert follow(app.test_client(), f"{MAIN}/_wakari/login?entry={entry}").status_code == 400


def test_notes_tickets_and_cookies_are_not_taken_for_each_other(app: Flask) -> None:
    browser = app.test_client()
    note = parse_qs(urlsplit(follow(browser, f"{DEMO}/_wakari/login?next=/").location).query)["entry"][0]
    assert follow(browser, f"{DEMO}/_wakari/enter?ticket={note}").status_code == 403
    ticket = parse_qs(urlsplit(until_ticket(browser)).query)["ticket"][0]
    assert follow(browser, f"{MAIN}/_wakari/login?entry={ticket}").status_code == 400
