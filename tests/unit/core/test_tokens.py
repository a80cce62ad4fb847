# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time

import pytest

from wakari.core import tokens
from wakari.core.errors import AppError

KEY = tokens.new_key()


def test_a_signed_request_is_verified_for_its_audience_and_issuer() -> None:
    token = tokens.sign_request(KEY, "server", "gateway:a")
    claims = tokens.verify(KEY, token, "gateway:a", "server")
    assert claims["exp"] - claims["iat"] == tokens.REQUEST_LIFETIME
    assert tokens.unverified_issuer(token) == "server"


@pytest.mark.parametrize(
    ("key", "audience", "issuer"),
    [(tokens.new_key(), "gateway:a", "server"), (KEY, "gateway:b", "server"), (KEY, "gateway:a", "gateway:a")],
    ids=["another key", "another audience", "another issuer"],
)
def test_a_token_for_somebody_else_is_refused(key: str, audience: str, issuer: str) -> None:
    token = tokens.sign_request(KEY, "server", "gateway:a")
    with pytest.raises(AppError) as refusal:
        tokens.verify(key, token, audience, issuer)
    assert refusal.value.status == 401


def test_a_token_past_its_time_and_the_allowed_skew_is_refused() -> None:
    token = tokens.sign(KEY, {"iss": "s", "aud": "a", "exp": int(time.time()) - tokens.CLOCK_SKEW - 1})
    with pytest.raises(AppError):
        tokens.verify(KEY, token, "a")


@pytest.mark.parametrize("claims", [{"iss": "s", "aud": "a"}, {"iss": "s", "exp": 4102444800}])
def test_a_token_without_end_or_audience_is_refused(claims: dict[str, object]) -> None:
    with pytest.raises(AppError):
        tokens.verify(KEY, tokens.sign(KEY, dict(claims)), "a")


@pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "eyJhbGciOiJub25lIn0.eyJhdWQiOiJhIn0.", "\x00.\x00.\x00"])
def test_nonsense_and_unsigned_tokens_are_refused(token: str) -> None:
    with pytest.raises(AppError):
        tokens.verify(KEY, token, "a")
    assert tokens.unverified_issuer(token) == ""


def test_a_short_key_is_never_used() -> None:
    with pytest.raises(ValueError, match="256 bits"):
        tokens.sign("c2hvcnQ", {})
