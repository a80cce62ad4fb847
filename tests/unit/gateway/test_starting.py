# SPDX-License-Identifier: GPL-3.0-or-later
"""When opening an address starts a project, and what the page about it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.gateway import make
from wakari.core.errors import AppError
from wakari.gateway.calls import Calls
from wakari.gateway.messages import Opened, PageRequest, Starting
from wakari.gateway.nodes import Nodes
from wakari.gateway.pages import Pages
from wakari.gateway.sessions import Sessions
from wakari.gateway.starting import ADDRESS, Starter

EVIL = '"><script>alert(1)</script>'
GATEWAY, SERVER = "http://gateway.example.org:8089", "http://server.example.org"


@pytest.fixture
def starter(tmp_path: Path) -> Starter:
    settings = make.settings(tmp_path)
    calls = Calls(settings, Nodes(settings.nodes_dir))
    return Starter(settings, Sessions(settings, ["k" * 43]), calls, Pages(settings))


def page(starter: Starter, **facts: Any) -> str:
    error = {"code": "project_not_running", "message": "The project is not running.", "hint": "Start it on its page."}
    asked = PageRequest(
        path="/alice/p/notebook/lab", owner="alice", project="p", app="notebook", status=409, error=error
    )
    return starter.pages.of(asked, Starting(**facts))


@pytest.mark.parametrize(
    ("how", "starts"),
    [
        ({}, True),  # a browser on plain http that sends no Referer
        ({"site": "none", "dest": "document"}, True),  # typed, or from a bookmark
        ({"site": "same-site", "dest": "document"}, True),
        ({"site": "cross-site", "referer": SERVER + "/alice/p"}, True),
        ({"referer": GATEWAY + "/"}, True),
        ({"site": "cross-site", "dest": "document"}, False),
        ({"site": "same-site", "dest": "iframe"}, False),
        ({"referer": "http://evil.example/"}, False),
        ({"referer": SERVER + ".evil.example/"}, False),
        ({"referer": "http://server.example.org:81/"}, False),
        ({"purpose": "prefetch;prerender"}, False),
        ({"seen": True}, False),
        ({"method": "HEAD"}, False),
    ],
)
def test_only_a_persons_own_opening_starts(starter: Starter, how: dict[str, Any], *, starts: bool) -> None:
    assert starter.wants_start(Opened(**({"method": "GET"} | how))) is starts


@pytest.mark.parametrize(
    ("facts", "moves", "button"),
    [
        ({"state": "starting", "may_start": True}, True, ""),
        ({"state": "stopping", "may_start": True}, True, ""),
        ({"state": "running", "may_start": True}, True, ""),
        ({"state": "stopped", "may_start": True}, False, "Start"),
        ({"state": "error", "may_start": True}, False, "Start again"),
        ({"state": "error"}, False, ""),
        ({"state": "stopped"}, True, ""),  # until somebody else starts it
        ({"state": "deleting"}, False, ""),
    ],
)
def test_the_page_moves_or_has_the_button(starter: Starter, facts: dict[str, Any], button: str, *, moves: bool) -> None:
    text = page(starter, **facts)
    assert ("http-equiv" in text) is moves
    assert (f"<button>{button}</button>" in text) if button else ("<button>" not in text)
    assert ('name="next" value="/alice/p/notebook/lab"' in text) is bool(button)


def test_the_steps_and_how_far_it_is_are_shown(starter: Starter) -> None:
    steps = [{"step": "accounts", "message": "done"}, {"step": "environment", "message": EVIL}]
    text = page(starter, state="starting", steps=steps, fraction=0.42)
    assert 'value="42"' in text
    assert text.index("Accounts") < text.index('aria-current="step"') < text.index("Environment")
    assert "<script" not in text


def test_a_failure_says_why_and_shows_the_log_it_was_given(starter: Starter) -> None:
    error = {"message": "No space.", "hint": "Remove files.", "detail": {"log": ["line 1", EVIL]}}
    text = page(starter, state="error", may_start=True, reason="Starting it: No space.", error=error)
    assert "Starting it: No space." in text
    assert "Remove files." in text
    assert "line 1" in text
    assert "<script" not in text


def test_a_viewer_is_told_who_can(starter: Starter) -> None:
    text = page(starter, state="stopped", starters=["alice", "bob"])
    assert "alice, bob" in text
    assert "<form" not in text


def test_the_pages_own_form_may_be_sent_and_names_its_origin() -> None:
    headers = Pages.headers()
    assert "form-action 'self'" in headers["Content-Security-Policy"]
    # With no-referrer browsers send "Origin: null" (Fetch, "append a request Origin header"), which is refused.
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", ["/", "/a/b", "/_wakari/start", "/A/b/c/", "/a/b/c", "/a/b/c/d?e=/f", "/a/b/c?x"])
def test_a_project_is_found_in_the_address_of_an_app_alone(path: str) -> None:
    assert bool(ADDRESS.fullmatch(path)) is path.startswith("/a/b/c")


def test_without_the_server_the_page_says_what_is_known(starter: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> Starting:
        raise AppError("server_away", "away", status=503)

    monkeypatch.setattr(Calls, "starting", away)
    error = {"code": "project_not_running", "message": "The project is not running.", "hint": "Start it on its page."}
    body = {"path": "/a/b/c/", "owner": "a", "project": "b", "app": "c", "status": 409, "error": error}
    asked = PageRequest.model_validate({**body, "credential": {"token": "wk_x"}, "opened": {"method": "GET"}})
    from wakari.gateway.app import create_app  # noqa: PLC0415 - for a request's context alone

    with create_app(starter.settings).test_request_context():
        response = starter.page(asked)
    assert b"The project is not running." in response.data
    assert "Set-Cookie" not in response.headers
