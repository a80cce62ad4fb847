# SPDX-License-Identifier: GPL-3.0-or-later
"""Who somebody is, is said by the gateway and by nobody else: headers, cookies, tokens, other sites."""

from __future__ import annotations

import time

import pytest
import requests

from tests.integration.gateway.conftest import Gateway
from tests.integration.gateway.control_plane import AUDIENCE
from wakari.core import tokens


def headers_at_node(gateway: Gateway) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in gateway.node.seen[-1]["headers"]:
        found.setdefault(name, []).append(value)
    return found


def test_identity_and_forwarding_headers_of_a_client_never_reach_the_node(gateway: Gateway) -> None:
    forged = {
        "X-Wakari-User": "root",
        "X-Wakari-Level": "admin",
        "X-Wakari-App": "ffffffffffffffffffff",
        "X-Wakari-Gateway": "forged",
        "X-Wakari-Anything": "forged",
        "x-wakari-credential": "bearer",
        "X_Wakari_User": "root",
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Host": "evil.example.org",
        "X-Forwarded-Port": "1",
        "X-Forwarded-User": "root",
        "Forwarded": "for=203.0.113.9",
        "X-Real-IP": "203.0.113.9",
        "Proxy-Authorization": "Basic Zm9yZ2Vk",
    }
    assert gateway.get(headers={**gateway.headers, **forged}).status_code == 200
    seen = headers_at_node(gateway)
    assert seen["x-wakari-user"] == [gateway.user]
    assert seen["x-wakari-level"] == ["write"]
    assert seen["x-wakari-app"] == ["0123456789abcdef0123"]
    assert seen["x-wakari-credential"] == ["cookie"]
    assert seen["x-forwarded-for"] == ["127.0.0.1"]
    assert seen["x-real-ip"] == ["127.0.0.1"]
    assert seen["x-forwarded-host"] == [gateway.proxy.host]
    everything = str(gateway.node.seen[-1])
    assert "forged" not in everything
    assert "203.0.113.9" not in everything
    assert not {"x-wakari-anything", "x-forwarded-user", "x-forwarded-port", "forwarded", "x_wakari_user"} & set(seen)


def test_the_node_is_told_who_speaks_by_a_token_only_the_gateway_can_sign(gateway: Gateway) -> None:
    gateway.get()
    token = headers_at_node(gateway)["x-wakari-gateway"][0]
    claims = tokens.verify(gateway.state.node_key, token, "node:compute1", AUDIENCE)
    assert claims["exp"] - claims["iat"] <= 60


def test_the_gateways_own_cookies_and_the_token_stay_at_the_gateway(gateway: Gateway) -> None:
    # wk_session is the server's: cookies know no ports, so on a shared host name it comes along.
    cookie = f"_xsrf=2|a; {gateway.headers['Cookie']}; wk_gateway_login=secret; wk_session=server; username-host=b"
    gateway.get(headers={"Cookie": cookie, "Authorization": "token of-jupyter"})
    seen = headers_at_node(gateway)
    assert seen["cookie"] == ["_xsrf=2|a; username-host=b"]
    assert "authorization" not in seen


def test_an_api_token_opens_the_app_and_stays_at_the_gateway(gateway: Gateway) -> None:
    token = f"wk_{gateway.user}"
    gateway.state.levels[token, f"{gateway.user}/{gateway.project}"] = "read"
    gateway.state.permission = "read"
    answer = gateway.get(headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    seen = headers_at_node(gateway)
    assert seen["x-wakari-credential"] == ["bearer"]
    assert seen["x-wakari-level"] == ["read"]
    assert token not in str(seen)


def test_an_app_cannot_set_the_gateways_cookie_nor_steer_nginx(gateway: Gateway) -> None:
    answer = gateway.get("/evil")
    assert answer.text == "evil"
    assert answer.raw.headers.getlist("Set-Cookie") == ["mine=1; Path=/"]
    assert not [name for name in answer.headers if name.lower().startswith("x-wakari-")]


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "gateway:another"},
        {"exp": 1},
        {"sub": None},
        {"sid": None},
        {"jti": None},
        {"aud": "login:test-client"},
    ],
)
def test_a_token_that_is_no_session_of_this_gateway_signs_nobody_in(
    gateway: Gateway, change: dict[str, object]
) -> None:
    cookie = gateway.state.cookie(gateway.user, **change)  # type: ignore[arg-type]
    answer = gateway.get(headers={"Cookie": f"wk_gateway={cookie}"})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "not_signed_in"


def test_a_cookie_signed_with_another_key_or_algorithm_is_refused(gateway: Gateway) -> None:
    now = int(time.time())
    claims = {"sub": gateway.user, "sid": "s", "jti": "j", "aud": AUDIENCE, "exp": now + 60}
    forged = tokens.sign(tokens.new_key(), claims)
    none = "eyJhbGciOiJub25lIn0." + forged.split(".")[1] + "."
    for cookie in (forged, none, "", "a.b.c", "x" * 8000):
        assert gateway.get(headers={"Cookie": f"wk_gateway={cookie}"}).status_code == 401
    assert gateway.node.seen == []


def test_a_second_session_cookie_tossed_by_a_neighbour_is_refused(gateway: Gateway) -> None:
    own = gateway.headers["Cookie"]
    other = gateway.state.cookie("mallory")
    answer = gateway.get(headers={"Cookie": f"wk_gateway={other}; {own}"})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "cookie_ambiguous"


def test_a_person_is_sent_to_sign_in_and_a_program_is_told(gateway: Gateway) -> None:
    person = gateway.get("/lab?x=1", headers={"Accept": "text/html,*/*"})
    assert person.status_code == 302
    assert person.headers["Location"].endswith(
        f"/_wakari/login?next=%2F{gateway.path[1:].replace('/', '%2F')}%2Flab%3Fx%3D1"
    )
    program = gateway.get("/lab", headers={"Accept": "application/json"})
    assert program.status_code == 401
    script = gateway.get("/lab", headers={"Accept": "text/html", "Sec-Fetch-Mode": "cors"})
    assert script.status_code == 401


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"Origin": "{url}"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Origin": "{url}", "Sec-Fetch-Site": "same-origin"}, True),
        ({}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://evil.example.org"}, False),
        ({"Origin": "{url}.evil.example.org"}, False),
        ({"Origin": "https://{host}"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "http://evil.example.org", "Sec-Fetch-Site": "same-origin"}, False),
    ],
)
def test_another_site_cannot_write_with_a_persons_cookie(
    gateway: Gateway, headers: dict[str, str], *, allowed: bool
) -> None:
    filled = {name: value.format(url=gateway.proxy.url, host=gateway.proxy.host) for name, value in headers.items()}
    answer = gateway.request("POST", gateway.path + "/api", headers={**gateway.headers, **filled}, data=b"x")
    assert answer.status_code == (200 if allowed else 403)
    assert len(gateway.node.seen) == allowed


def test_an_api_token_needs_no_origin(gateway: Gateway) -> None:
    token = f"wk_{gateway.user}"
    gateway.state.levels[token, f"{gateway.user}/{gateway.project}"] = "write"
    answer = gateway.request("POST", gateway.path + "/api", headers={"Authorization": f"Bearer {token}"}, data=b"x")
    assert answer.status_code == 200


def test_the_control_plane_is_reached_below_its_prefix_without_forged_headers(gateway: Gateway) -> None:
    url = gateway.proxy.url + "/_wakari/v1/status"
    answer = requests.get(
        url,
        headers={"X-Wakari-Data-Plane": "1", "Authorization": "Bearer signed", "X-Forwarded-For": "203.0.113.9"},
        timeout=10,
    ).json()
    names = {name.lower(): value for name, value in answer["headers"]}
    assert answer["control"] == "/_wakari/v1/status"
    assert names["authorization"] == "Bearer signed"
    assert "x-wakari-data-plane" not in names
    assert names["x-forwarded-for"] == "127.0.0.1"


def test_the_access_log_holds_no_secret(gateway: Gateway) -> None:
    token = f"wk_very-secret-{gateway.user}"
    gateway.get("/a?token=query-secret", headers={"Authorization": f"Bearer {token}", "X-Request-Id": "request-12345"})
    cookie = gateway.headers["Cookie"].partition("=")[2]
    gateway.get("/b?token=query-secret")
    time.sleep(0.2)
    lines = gateway.proxy.access_log()
    line = next(line for line in lines if line["request_id"] == "request-12345")
    assert line["path"] == gateway.path + "/a"
    text = str(lines) + gateway.proxy.errors()
    assert token not in text
    assert "query-secret" not in text
    assert cookie not in text
