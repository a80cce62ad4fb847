# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in at an OpenID provider: against a real one, there and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from werkzeug.test import TestResponse

from tests.integration.accounts.provider_process import CLIENT_ID, CLIENT_SECRET, Provider
from tests.serverkit import PASSWORD, URL, Browser, Kit
from wakari.accounts.signin import UNINVITED_LIMIT
from wakari.server.app import create_app
from wakari.server.services import EXTENSION
from wakari.server.settings import ServerSettings
from wakari.store.records import User

CALLBACK = f"{URL}/login/oidc/callback"
PEOPLE: dict[str, dict[str, Any]] = {
    "s-alice": {
        "preferred_username": "Alice",
        "name": "Alice Ångström",
        "email": "alice@example.test",
        "groups": ["Data Team", "x=,"],
    },
    "s-admin": {"preferred_username": "root-er", "groups": "admins"},
    "s-odd": {"preferred_username": "Al Ice"},
    "s-second": {"preferred_username": "alice"},
    "s-wakari": {"preferred_username": "wakari"},
}
OidcSite = Callable[..., Kit]


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    made = Provider(CALLBACK, PEOPLE)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def oidc_site(settings: ServerSettings, provider: Provider) -> Iterator[OidcSite]:
    made: list[Kit] = []

    def make(**changes: Any) -> Kit:
        values = settings.model_dump(exclude={"apps"})
        own = {"ISSUER": provider.issuer, "CLIENT_ID": CLIENT_ID, "CLIENT_SECRET": CLIENT_SECRET, "TIMEOUT": 2}
        app = create_app(ServerSettings.model_validate({**values, "accounts": "oidc", "oidc": {**own, **changes}}))
        made.append(Kit(app, app.extensions[EXTENSION]))
        return made[-1]

    yield make
    for kit in made:
        kit.services.store.close()


def leave(browser: Browser, target: str = "/") -> str:
    """Return where the browser is sent that wants to sign in."""
    sent = browser.get(f"/login/oidc?{urlencode({'next': target})}")
    assert sent.status_code == 303, sent.text
    return str(sent.location)


def come_back(browser: Browser, provider: Provider, who: str, target: str = "/") -> TestResponse:
    return browser.get(provider.sign_in(leave(browser, target), who, CALLBACK).removeprefix(URL))


def account(kit: Kit, name: str) -> User:
    return kit.services.accounts.get(name)


def test_there_and_back_makes_the_account_and_the_session(oidc_site: OidcSite, provider: Provider) -> None:
    kit = oidc_site(GROUP_MAP={"data team": "data"}, TITLE="Example ID")
    browser = kit.browser()
    page = browser.get("/login?next=/settings").text
    assert "Sign in with Example ID" in page
    assert 'href="/login/oidc?next=/settings"' in page
    answer = come_back(browser, provider, "s-alice", "/settings")
    assert (answer.status_code, answer.location) == (303, "/settings")
    user = account(kit, "alice")
    assert (user.source, user.subject, user.full_name) == ("oidc", f"{provider.issuer} s-alice", "Alice Ångström")
    assert (user.email, user.groups, user.password_hash) == ("alice@example.test", ("data",), "")
    settings = browser.get("/settings").text
    assert "Your password is kept by Example ID, not here" in settings
    assert 'name="current"' not in settings


def test_what_is_asked_of_the_provider_is_bound_to_this_sign_in(oidc_site: OidcSite) -> None:
    browser = oidc_site().browser()
    first, second = (parse_qs(urlsplit(leave(browser)).query) for _ in range(2))
    assert first["code_challenge_method"] == ["S256"]
    assert first["redirect_uri"] == [CALLBACK]
    for key in ("state", "nonce", "code_challenge"):
        assert len(first[key][0]) >= 43
        assert first[key] != second[key]


def test_an_answer_in_another_browser_opens_no_session(oidc_site: OidcSite, provider: Provider) -> None:
    kit = oidc_site()
    back = provider.sign_in(leave(kit.browser()), "s-alice", CALLBACK).removeprefix(URL)
    victim = kit.browser()
    leave(victim)
    answer = victim.get(back)
    assert answer.status_code == 400
    assert "did not begin in this browser" in answer.text
    assert victim.get("/settings").status_code == 303
    assert kit.services.store.users.count() == 0


def test_an_answer_is_good_once(oidc_site: OidcSite, provider: Provider) -> None:
    kit = oidc_site()
    browser = kit.browser()
    back = provider.sign_in(leave(browser), "s-alice", CALLBACK).removeprefix(URL)
    assert browser.get(back).status_code == 303
    assert browser.get(back).status_code == 400


def test_a_code_of_another_sign_in_is_refused(oidc_site: OidcSite, provider: Provider) -> None:
    kit = oidc_site()
    attacker, victim = kit.browser(), kit.browser()
    code = parse_qs(urlsplit(provider.sign_in(leave(attacker), "s-alice", CALLBACK)).query)["code"][0]
    state = parse_qs(urlsplit(leave(victim)).query)["state"][0]
    answer = victim.get(f"/login/oidc/callback?{urlencode({'code': code, 'state': state, 'iss': provider.issuer})}")
    assert answer.status_code == 401
    assert "invalid_grant" in answer.text
    assert kit.services.store.users.count() == 0


def test_an_answer_of_another_provider_is_refused(oidc_site: OidcSite) -> None:
    browser = oidc_site().browser()
    state = parse_qs(urlsplit(leave(browser)).query)["state"][0]
    answer = browser.get(f"/login/oidc/callback?{urlencode({'code': 'x', 'state': state, 'iss': 'http://evil.test'})}")
    assert answer.status_code == 401


def test_a_refusal_is_told_with_the_providers_reason_as_text(oidc_site: OidcSite, provider: Provider) -> None:
    answer = come_back(oidc_site().browser(), provider, "")
    assert answer.status_code == 401
    assert "access_denied Nobody &lt;b&gt;today&lt;/b&gt;" in answer.text


def test_a_name_is_not_enough_to_get_an_account(oidc_site: OidcSite, provider: Provider) -> None:
    kit = oidc_site()
    kit.user("wakari", "superuser")
    assert come_back(kit.browser(), provider, "s-wakari").status_code == 409
    assert come_back(kit.browser(), provider, "s-alice").status_code == 303
    taken = come_back(kit.browser(), provider, "s-second")
    assert taken.status_code == 409
    assert "belongs to another account" in taken.text
    assert account(kit, "alice").subject.endswith(" s-alice")


def test_an_account_that_waits_for_a_subject_is_not_given_away_by_name(oidc_site: OidcSite, provider: Provider) -> None:
    kit = oidc_site()
    kit.services.accounts.add_from("alice", "oidc", actor="test")
    assert come_back(kit.browser(), provider, "s-alice").status_code == 409
    assert account(kit, "alice").subject == ""


def test_an_administrator_links_an_account_by_its_subject(oidc_site: OidcSite, provider: Provider) -> None:
    kit = oidc_site()
    uid = kit.user("carol").uid
    kit.services.accounts.link("carol", "oidc", f"{provider.issuer} s-second", actor="test")
    assert come_back(kit.browser(), provider, "s-second").status_code == 303
    assert account(kit, "carol").uid == uid


def test_a_name_that_cannot_be_used_is_told(oidc_site: OidcSite, provider: Provider) -> None:
    answer = come_back(oidc_site().browser(), provider, "s-odd")
    assert answer.status_code == 422
    assert "cannot be a user name here" in answer.text


def test_roles_come_with_groups(oidc_site: OidcSite, provider: Provider) -> None:
    kit = oidc_site(STAFF_GROUPS=["admins"])
    come_back(kit.browser(), provider, "s-admin")
    assert account(kit, "root-er").roles == ("staff",)


def test_a_wrong_secret_of_ours_is_told_and_nobody_gets_in(oidc_site: OidcSite, provider: Provider) -> None:
    answer = come_back(oidc_site(CLIENT_SECRET="another secret").browser(), provider, "s-alice")
    assert answer.status_code == 401
    assert "invalid_client" in answer.text


def test_while_the_provider_is_away_local_people_get_in(oidc_site: OidcSite) -> None:
    kit = oidc_site(ISSUER="http://127.0.0.1:1", TITLE="Example ID")
    kit.user("wakari", "superuser")
    away = kit.browser().get("/login/oidc")
    assert away.status_code == 503
    assert "Example ID cannot be reached" in away.text
    signed_in = kit.browser().submit("/login", {"username": "wakari", "password": PASSWORD})
    assert (signed_in.status_code, signed_in.location) == (303, "/")


@pytest.mark.parametrize("target", ["//evil.test", "http://evil.test/", "/\\evil.test"])
def test_the_way_back_leads_nowhere_else(oidc_site: OidcSite, provider: Provider, target: str) -> None:
    assert come_back(oidc_site().browser(), provider, "s-alice", target).location == "/"


def test_failures_from_one_address_are_limited(oidc_site: OidcSite) -> None:
    kit = oidc_site()
    for _ in range(99):
        kit.services.sign_in.count_failure("", "127.0.0.1")
    browser = kit.browser()
    states = [parse_qs(urlsplit(leave(browser)).query)["state"][0] for _ in range(2)]
    answers = [f"/login/oidc/callback?{urlencode({'code': 'x', 'state': state, 'iss': 'x'})}" for state in states]
    assert [browser.get(answer).status_code for answer in answers] == [401, 429]
    assert browser.get("/login/oidc").status_code == 429


def test_answers_that_nobody_waits_for_lock_nobody_out(oidc_site: OidcSite, provider: Provider) -> None:
    """A link on any page makes a browser send one: a bound of their own, and no failed sign-in."""
    kit = oidc_site()
    kit.user("wakari", "superuser")
    lured = kit.browser()
    seen = [lured.get("/login/oidc/callback?state=x").status_code for _ in range(UNINVITED_LIMIT + 2)]
    assert seen == [400] * UNINVITED_LIMIT + [429] * 2
    assert kit.services.store.throttles.peek("address:127.0.0.1") == 0
    noted = [event.event for event in kit.services.store.audit.latest(100)]
    assert (noted.count("session.uninvited"), noted.count("session.failed")) == (UNINVITED_LIMIT, 0)
    assert come_back(lured, provider, "s-alice").status_code == 303
    signed_in = kit.browser().submit("/login", {"username": "wakari", "password": PASSWORD})
    assert signed_in.status_code == 303


def test_without_a_provider_there_is_no_such_page(kit: Kit) -> None:
    assert kit.browser().get("/login/oidc").status_code == 404
    assert kit.browser().get("/login/oidc/callback?state=x").status_code == 404
