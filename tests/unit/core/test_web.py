# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from wakari.core import logs, tokens, web
from wakari.core.errors import AppError

KEY = tokens.new_key()


@pytest.fixture
def client() -> FlaskClient:
    app = web.prepare(Flask("test"))

    @app.get("/refuses")
    def _refuses() -> Response:
        raise AppError("nope", "No.", hint="Ask another.", status=409, detail={"n": 1})

    @app.get("/breaks")
    def _breaks() -> Response:
        raise RuntimeError("password=hunter2")

    @app.get("/signed")
    def _signed() -> dict[str, str]:
        return {"issuer": web.require_signed({"server": KEY}.get, "gateway:a")}

    @app.get("/stream")
    def _stream() -> Response:
        def lines() -> Iterator[dict[str, Any]]:
            yield {"step": 1}
            raise AppError("broke", "It broke.")

        return web.ndjson(lines())

    return app.test_client()


def test_a_refusal_has_the_one_shape_and_the_request_id(client: FlaskClient) -> None:
    answer = client.get("/refuses", headers={"X-Request-Id": "abcdefgh-1"})
    assert answer.status_code == 409
    assert answer.json == {
        "error": {
            "code": "nope",
            "message": "No.",
            "hint": "Ask another.",
            "request_id": "abcdefgh-1",
            "detail": {"n": 1},
        }
    }
    assert answer.headers["X-Request-Id"] == "abcdefgh-1"


def test_a_malformed_request_id_is_replaced(client: FlaskClient) -> None:
    answer = client.get("/refuses", headers={"X-Request-Id": 'x"} injected'})
    assert logs.REQUEST_ID.fullmatch(answer.headers["X-Request-Id"])


def test_the_text_of_an_unknown_exception_never_leaves(client: FlaskClient) -> None:
    answer = client.get("/breaks")
    assert answer.status_code == 500
    assert b"hunter2" not in answer.data


def test_unknown_addresses_answer_in_the_same_shape(client: FlaskClient) -> None:
    answer = client.get("/absent")
    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["error"]["code"] == "not_found"


def test_only_a_registered_issuer_with_its_key_gets_in(client: FlaskClient) -> None:
    def get(token: str) -> int:
        return client.get("/signed", headers={"Authorization": f"Bearer {token}"}).status_code

    assert get(tokens.sign_request(KEY, "server", "gateway:a")) == 200
    assert get(tokens.sign_request(tokens.new_key(), "server", "gateway:a")) == 401
    assert get(tokens.sign_request(KEY, "gateway:x", "gateway:a")) == 401
    assert get("") == 401


def test_a_stream_that_fails_says_so_in_its_last_line(client: FlaskClient) -> None:
    lines = [json.loads(line) for line in client.get("/stream").text.splitlines()]
    assert lines[0] == {"step": 1}
    assert lines[1]["error"]["code"] == "broke"


def test_log_lines_are_one_bounded_json_object() -> None:
    record = logging.makeLogRecord({"msg": "line\nbreak", "levelname": "INFO", "name": "x", "field": "y" * 5000})
    line = logs.JsonFormatter().format(record)
    assert "\n" not in line
    assert len(json.loads(line)["field"]) == logs.MAX_FIELD
