# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of the log that a client writes (CVE-2026-54338 and its kind): what it sends stays one bounded field."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from tests.serverkit import Kit
from wakari.core import logs
from wakari.store import Store
from wakari.store.audit import MAX_TEXT

HOSTILE = 'eve\n{"level": "info", "message": "security log", "event": "session.open", "actor": "wakari"}\r\x1b[2J\u2028'


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the service would write, in its own format."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.JsonFormatter())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


def test_a_hostile_user_name_is_one_field_of_one_line(kit: Kit, store: Store, lines: io.StringIO) -> None:
    kit.api().post("/tokens", {"username": HOSTILE[:64], "password": "wrong guess"})
    kit.browser().submit("/login", {"username": HOSTILE * 500, "password": "wrong guess"})
    told = [json.loads(line) for line in lines.getvalue().splitlines()]  # each line is JSON, or this raises
    assert not [line for line in told if line.get("event") == "session.open"]
    failed = [line for line in told if line.get("event") == "session.failed"]
    assert len(failed) == 2
    assert max(len(line) for line in lines.getvalue().splitlines()) < 4 * logs.MAX_FIELD
    assert all(" " <= char <= "~" or char == "\n" for char in lines.getvalue()), "only printable ASCII is written"
    kept = store.audit.latest(9)
    assert [event.event for event in kept if "open" in event.event] == []
    assert max(len(field) for event in kept for field in (event.actor, event.subject)) == MAX_TEXT


def test_the_request_id_of_a_client_is_taken_only_in_its_form(kit: Kit, lines: io.StringIO) -> None:
    body = {"username": "eve", "password": "wrong guess"}
    for offered in ("x" * 4000, 'a"b', "short", "12345678\tforged"):
        kit.app.test_client().post("/api/v1/tokens", json=body, headers={"X-Request-Id": offered})
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert all(logs.REQUEST_ID.fullmatch(line["request_id"]) for line in told if line.get("event") == "session.failed")
    kit.app.test_client().post("/api/v1/tokens", json=body, headers={"X-Request-Id": "abcdef-0123"})
    assert "abcdef-0123" in lines.getvalue()


def test_what_a_page_shows_of_the_log_is_text(kit: Kit) -> None:
    kit.browser().submit("/login", {"username": "<script>alert(1)</script>", "password": "wrong guess"})
    shown = kit.browser(kit.user("root1", "superuser")).get("/admin/log").text
    assert "&lt;script&gt;alert(1)" in shown
    assert "<script>alert(1)" not in shown
