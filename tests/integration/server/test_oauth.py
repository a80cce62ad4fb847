# SPDX-License-Identifier: GPL-3.0-or-later
"""Sign-in of gateways: authorization code, PKCE, exact redirect address, one use."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import TestResponse

from tests.serverkit import URL, Browser, GatewaySite, Kit
from wakari.core import tokens
from wakari.store import Store
from wakari.store.base import now

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass
class Flow:
    """One sign-in of a gateway."""

    site: GatewaySite
    browser: Browser
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    changes: dict[str, str | None] = field(default_factory=dict)

    @property
    def callback(self) -> str:
        return f"{self.site.data_center.url}/_wakari/callback"

    def authorize(self, **changes: str | None) -> TestResponse:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self.site.data_center.client_id,
            "redirect_uri": self.callback,
            "state": "st-1",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "scope": "gateway",
            **changes,
        }
        return self.browser.get("/oauth/authorize", query_string={k: v for k, v in query.items() if v is not None})

    def code(self) -> str:
        answer = self.authorize()
        assert answer.status_code == 302, answer.text
        target = urlsplit(answer.location)
        assert f"{target.scheme}://{target.netloc}{target.path}" == self.callback
        query = parse_qs(target.query)
        assert query["state"] == ["st-1"]
        return query["code"][0]

    def token(self, code: str, secret: str | None = None, **changes: str) -> TestResponse:
        issuer = f"gateway:{self.site.data_center.client_id}"
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.callback,
            "code_verifier": self.verifier,
            "client_assertion_type": ASSERTION,
            "client_assertion": tokens.sign_request(secret or self.site.secret, issuer, "server"),
            **changes,
        }
        return self.site.client.post("/oauth/token", data=form)


@pytest.fixture
def flow(kit: Kit, gateway_site: GatewaySite) -> Flow:
    return Flow(gateway_site, kit.browser(kit.user("alice")))


def test_a_signed_in_person_comes_back_to_the_gateway_at_once(flow: Flow, kit: Kit) -> None:
    answer = flow.token(flow.code())
    assert answer.status_code == 200, answer.text
    assert answer.json["user"] == {"name": "alice", "uid": 20000, "gid": 20000}
    assert answer.json["token_type"] == "Bearer"
    assert answer.headers["Cache-Control"] == "no-store"
    project = kit.project(kit.services.accounts.get("alice"))
    decision = flow.site.decide("alice", project.name, sid=answer.json["sid"], user="alice")
    assert decision.json["level"] == "admin"
    # The token of the answer is bound to the gateway's use and opens no API.
    assert (
        kit.app.test_client()
        .get("/api/v1/projects", headers={"Authorization": f"Bearer {answer.json['access_token']}"})
        .status_code
        == 401
    )


def test_without_a_session_the_person_signs_in_first_and_goes_on(kit: Kit, gateway_site: GatewaySite) -> None:
    kit.user("alice")
    flow = Flow(gateway_site, kit.browser())
    answer = flow.authorize()
    assert answer.status_code == 303
    assert answer.location.startswith("/login?next=%2Foauth%2Fauthorize")
    # The browser must be let through from the form to the gateway (Content-Security-Policy, form-action).
    page = flow.browser.get(answer.location)
    assert "form-action 'self' http://east.test:8089;" in page.headers["Content-Security-Policy"]
    signed_in = flow.browser.submit(
        answer.location, {"username": "alice", "password": "correct horse battery"}, answer.location
    )
    assert signed_in.status_code == 303, signed_in.text
    assert signed_in.location.startswith("/oauth/authorize?")
    final = flow.browser.get(signed_in.location)
    assert final.status_code == 302
    assert final.location.startswith(flow.callback + "?code=")


def test_a_code_is_good_for_one_use_and_a_second_takes_the_token_back(flow: Flow, store: Store) -> None:
    code = flow.code()
    assert flow.token(code).status_code == 200
    assert len(store.tokens._many({"sid": {"$ne": None}})) == 1
    again = flow.token(code)
    assert again.status_code == 400
    assert again.json["error"] == "invalid_grant"
    assert store.tokens._many({"sid": {"$ne": None}}) == []


def test_a_wrong_verifier_is_refused_and_the_code_is_gone(flow: Flow) -> None:
    code = flow.code()
    assert flow.token(code, code_verifier="x" * 43).json["error"] == "invalid_grant"
    assert flow.token(code).json["error"] == "invalid_grant"


def test_a_missing_verifier_is_refused(flow: Flow) -> None:
    assert flow.token(flow.code(), code_verifier="").status_code == 400


def test_a_code_ends_after_a_minute(flow: Flow, store: Store) -> None:
    code = flow.code()
    store.codes._documents.update_many({}, {"$set": {"expires_at": now() - timedelta(seconds=1)}})
    assert flow.token(code).json["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "foreign",
    [
        "http://evil.test/_wakari/callback",
        "http://east.test:8089/_wakari/callback/../x",
        "http://east.test:8089/_wakari/callback?x=1",
        "http://east.test:8089.evil.test/_wakari/callback",
        "http://east.test:8089@evil.test/_wakari/callback",
        "HTTP://EAST.test:8089/_wakari/callback",
        "",
        None,
    ],
)
def test_a_foreign_redirect_address_gets_nothing(flow: Flow, foreign: str | None) -> None:
    answer = flow.authorize(redirect_uri=foreign)
    assert answer.status_code == 400
    assert "Location" not in answer.headers


def test_an_unknown_client_gets_nothing(flow: Flow) -> None:
    answer = flow.authorize(client_id="nobody")
    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    "change",
    [
        {"code_challenge": None},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": None},
        {"code_challenge": "short"},
        {"scope": "admin"},
        {"scope": None},
        {"response_type": "token"},
    ],
)
def test_a_request_that_breaks_a_rule_goes_back_with_an_error_and_no_code(flow: Flow, change: dict[str, str]) -> None:
    answer = flow.authorize(**change)
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.location).query)
    assert answer.location.startswith(flow.callback)
    assert "error" in query
    assert "code" not in query
    assert query["state"] == ["st-1"]


def test_a_gateway_with_a_wrong_secret_gets_nothing(flow: Flow) -> None:
    answer = flow.token(flow.code(), secret=tokens.new_key())
    assert answer.status_code in {400, 401}
    assert answer.json["error"] == "invalid_client"


def test_a_code_is_worth_nothing_to_another_gateway(flow: Flow, kit: Kit) -> None:
    code = flow.code()
    other, secret = kit.place("west")
    thief = Flow(GatewaySite(kit.app.test_client(), other, secret), flow.browser, verifier=flow.verifier)
    assert thief.token(code, redirect_uri=flow.callback).json["error"] == "invalid_grant"
    assert flow.token(code).status_code == 200


def test_a_code_dies_with_the_session(flow: Flow, store: Store) -> None:
    code = flow.code()
    store.sessions.end_all("alice")
    assert flow.token(code).json["error"] == "invalid_grant"


def test_the_secret_in_the_form_is_no_way_in(flow: Flow) -> None:
    form = {
        "grant_type": "authorization_code",
        "code": flow.code(),
        "redirect_uri": flow.callback,
        "code_verifier": flow.verifier,
        "client_id": flow.site.data_center.client_id,
        "client_secret": flow.site.secret,
    }
    assert flow.site.client.post("/oauth/token", data=form, base_url=URL).json["error"] == "invalid_client"
