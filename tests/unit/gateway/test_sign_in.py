# SPDX-License-Identifier: GPL-3.0-or-later
"""Sign-in: state bound to one browser, return paths that stay here, cookies with their audience."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from tests.unit.gateway import make
from wakari.core import tokens
from wakari.core.errors import AppError, UnavailableError
from wakari.gateway.app import create_app
from wakari.gateway.calls import Calls
from wakari.gateway.sessions import Sessions, challenge
from wakari.gateway.sign_in import local_path

HOST = "http://gateway.example.org:8089"


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return create_app(make.settings(tmp_path)).test_client()


@pytest.fixture
def sessions(tmp_path: Path) -> Sessions:
    return Sessions(make.settings(tmp_path), [tokens.new_key(), tokens.new_key()])


@pytest.mark.parametrize("path", ["/alice/p/notebook/", "/a/b/c/lab?x=http://y&z=%2F..", "/a/b/c/%20"])
def test_a_path_of_this_gateway_is_kept(path: str) -> None:
    assert local_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        None,
        "",
        "alice/p",
        "//evil.example.org/",
        "/\\evil.example.org",
        "\\\\evil.example.org",
        "http://evil.example.org/",
        "javascript:alert(1)",
        "/a\r\nSet-Cookie: x=1",
        "/a\tb",
        "/é",
        "/_wakari/login?next=/",
        "/" + "a" * 2000,
    ],
)
def test_a_path_that_might_lead_elsewhere_is_not(path: str | None) -> None:
    assert local_path(path) == "/"


def test_state_belongs_to_one_browser(sessions: Sessions) -> None:
    state, verifier = sessions.new_state("/a/b/c/", "browser-1")
    claims, key = sessions.read_state(state)
    assert claims["next"] == "/a/b/c/"
    assert sessions.verifier_of(claims, key, "browser-1") == verifier
    assert sessions.verifier_of(claims, key, "browser-2") is None
    assert sessions.verifier_of(claims, key, "") is None
    assert 43 <= len(verifier) <= 128
    assert sessions.new_state("/a/b/c/", "browser-1")[1] != verifier


def test_the_challenge_is_that_of_rfc_7636() -> None:
    # RFC 7636, appendix B
    assert challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_state_is_no_session_and_a_session_is_no_state(sessions: Sessions) -> None:
    state, _ = sessions.new_state("/", "b")
    assert sessions.read_cookie(state) is None
    with pytest.raises(AppError):
        sessions.read_state(sessions.new_cookie("alice", "sid"))


def test_an_old_key_still_verifies_and_a_strange_one_does_not(tmp_path: Path) -> None:
    settings = make.settings(tmp_path)
    old, new = tokens.new_key(), tokens.new_key()
    cookie = Sessions(settings, [old]).new_cookie("alice", "sid")
    assert (Sessions(settings, [new, old]).read_cookie(cookie) or {})["sub"] == "alice"
    assert Sessions(settings, [new]).read_cookie(cookie) is None
    assert Sessions(settings, [new]).read_cookie("") is None


def test_a_session_lasts_as_long_as_the_site_says(tmp_path: Path) -> None:
    cookie = Sessions(make.settings(tmp_path, session_hours=2), [tokens.new_key()]).new_cookie("alice", "sid")
    claims = json.loads(base64.urlsafe_b64decode(cookie.split(".")[1] + "=="))
    assert abs(claims["exp"] - time.time() - 7200) < 5
    assert claims["aud"] == "gateway:client1"


def test_login_asks_the_server_with_pkce(client: FlaskClient) -> None:
    answer = client.get("/_wakari/login?next=/a/b/c/", base_url=HOST)
    parts = urlsplit(answer.headers["Location"])
    query = parse_qs(parts.query)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "http://server.example.org/oauth/authorize"
    assert query["redirect_uri"] == [HOST + "/_wakari/callback"]
    assert query["code_challenge_method"] == ["S256"]
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("wk_gateway_login=")
    assert "HttpOnly" in cookie
    assert "Path=/_wakari/callback" in cookie
    assert "SameSite=Lax" in cookie


def test_login_at_another_name_moves_to_the_registered_one_first(client: FlaskClient) -> None:
    answer = client.get("/_wakari/login?next=/a/b/c/", base_url="http://203.0.113.5:8089")
    assert answer.headers["Location"] == HOST + "/_wakari/login?next=%2Fa%2Fb%2Fc%2F"
    assert "Set-Cookie" not in answer.headers


def test_a_cookie_is_secure_where_the_gateway_is(tmp_path: Path) -> None:
    client = create_app(make.settings(tmp_path, EXTERNAL_GATEWAY_URL="https://gateway.example.org")).test_client()
    assert "Secure" in client.get("/_wakari/login", base_url="https://gateway.example.org").headers["Set-Cookie"]


def test_internal_calls_are_the_data_planes_alone(client: FlaskClient) -> None:
    assert client.get("/internal/settings").status_code == 404
    answer = client.get("/internal/settings", headers={"X-Wakari-Data-Plane": "1"})
    assert answer.json is not None
    assert answer.json["audience"] == "gateway:client1"
    assert len(answer.json["cookie_keys"]) == 2


@pytest.mark.parametrize("away", [False, True])
def test_signing_out_names_the_cookie_that_ends_and_tells_the_server(
    client: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, away: bool
) -> None:
    told: list[str] = []

    def sign_out(_: Calls, sid: str) -> None:
        told.append(sid)
        if away:
            raise UnavailableError("unreachable", "The server cannot be reached.")

    monkeypatch.setattr(Calls, "sign_out", sign_out)
    keys = (tmp_path / "etc/wakari/cookie-keys").read_text(encoding="utf-8").split()
    cookie = Sessions(make.settings(tmp_path / "other"), keys).new_cookie("alice", "sid")
    client.set_cookie("wk_gateway", cookie, domain="gateway.example.org")
    answer = client.post("/_wakari/logout", base_url=HOST)
    assert answer.headers["X-Wakari-Revoke"]
    assert answer.headers["Set-Cookie"].startswith("wk_gateway=;")
    assert told == ["sid"]
    assert "X-Wakari-Revoke" not in create_app(make.settings(tmp_path)).test_client().post("/_wakari/logout").headers
