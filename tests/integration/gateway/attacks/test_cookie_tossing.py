# SPDX-License-Identifier: GPL-3.0-or-later
"""Cookie tossing: another site on a neighbouring name, or an app, that plants cookies (CVE-2024-28233)."""

from __future__ import annotations

import time

import pytest

from tests.integration.gateway.attacks.conftest import Path
from wakari.core import tokens

pytestmark = pytest.mark.root


def ask(path: Path, *cookies: str, lines: int = 1) -> int:
    """Return the status of a request with these cookies, in one Cookie line or each in its own."""
    head = path.head("GET", path.app + "/x").replace(f"Cookie: {path.cookie}\r\n".encode(), b"")
    values = ["; ".join(cookies)] if lines == 1 else list(cookies)
    return path.status(head + "".join(f"Cookie: {value}\r\n" for value in values).encode("latin-1") + b"\r\n")


def session(path: Path, user: str = "alice", **claims: object) -> str:
    return "wk_gateway=" + path.state.cookie(user, **claims)  # type: ignore[arg-type]


@pytest.mark.parametrize("lines", [1, 2])
@pytest.mark.parametrize("planted", ["bob", "alice"])
def test_a_second_session_is_refused_whichever_comes_first(path: Path, planted: str, lines: int) -> None:
    own, other = session(path), session(path, planted, jti="planted")
    assert ask(path, own, other, lines=lines) == 400
    assert ask(path, other, own, lines=lines) == 400
    assert path.own.seen == []


@pytest.mark.parametrize(
    "planted",
    ["wk_gateway=", "wk_gateway=x", " wk_gateway=x", "\twk_gateway=x", "wk_gateway=a.b.c"],
)
def test_a_planted_session_without_worth_is_a_second_one_too(path: Path, planted: str) -> None:
    assert ask(path, planted, session(path)) == 400


@pytest.mark.parametrize("name", ["wk_gateway", "WK_GATEWAY", "wk_gateway ", "=wk_gateway", "wk-gateway", "__Host-wk_gateway", "wk_gateway_login", "wk_session"])  # fmt: skip # noqa: E501
def test_only_the_one_name_signs_in(path: Path, name: str) -> None:
    value = session(path).partition("=")[2]
    assert ask(path, f"{name}={value}") == (200 if name == "wk_gateway" else 401)


@pytest.mark.parametrize(
    "cookie",
    ["wk_gateway_login=s", "wk_session=s", "wk_form=s", "wk_x=s", "=wk_gateway=s", "==wk_session=s", " wk_new=s"],
)
def test_no_cookie_of_the_platform_reaches_an_app(path: Path, cookie: str) -> None:
    assert ask(path, "_xsrf=2|a", session(path), cookie, "b=wk_c") == 200
    (seen,) = path.own.seen
    assert seen.values("cookie") == ["_xsrf=2|a; b=wk_c"]


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "gateway:another"},
        {"aud": ["gateway:another"]},
        {"aud": "login:dc1"},
        {"aud": "node:compute1"},
        {"aud": None},
        {"exp": 1},
        {"exp": "9999999999"},
        {"nbf": 9999999999},
        {"iat": 9999999999},
        {"sub": None},
        {"sub": 1},
        {"sid": None},
        {"jti": None},
    ],
)
def test_a_token_for_another_place_or_time_signs_nobody_in(path: Path, claims: dict[str, object]) -> None:
    assert ask(path, session(path, **claims)) == 401
    assert path.own.seen == []


def test_a_token_of_another_kind_or_key_signs_nobody_in(path: Path) -> None:
    now = int(time.time())
    claims = {"sub": "alice", "sid": "s", "jti": "j", "aud": path.state.audience, "iat": now, "exp": now + 60}
    good = tokens.sign(path.state.cookie_keys[0], claims)
    head, body, signature = good.split(".")
    forged = [
        tokens.sign(tokens.new_key(), claims),
        tokens.sign(path.state.node_key, claims),  # a node must not make sessions
        f"eyJhbGciOiJub25lIn0.{body}.",
        f"eyJhbGciOiJub25lIn0.{body}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}.{signature[:-2]}AA",
        f"{head}.{body}.{signature}.{signature}",
        f"{head}.{body}.{signature}=",
        f".{body}.{signature}",
    ]
    assert [ask(path, f"wk_gateway={one}") for one in forged] == [401] * len(forged)
    assert path.own.seen == []
    assert ask(path, f"wk_gateway={good}") == 200
