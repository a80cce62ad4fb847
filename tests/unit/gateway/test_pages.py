# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages: the right words and links, nothing from a client or a node unescaped, nothing loaded from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from tests.unit.gateway import make
from wakari.gateway.messages import PageRequest
from wakari.gateway.pages import KINDS, Pages

EVIL = '"><script>alert(1)</script>'


@pytest.fixture
def pages(tmp_path: Path) -> Pages:
    return Pages(make.settings(tmp_path))


def page(pages: Pages, code: str, path: str = "/alice/p/notebook/lab", **detail: Any) -> str:
    error = {"code": code, "message": "What happened.", "hint": "What to do.", "detail": detail}
    return pages.of(PageRequest(path=path, owner="alice", project="p", app="notebook", status=500, error=error))


@pytest.mark.parametrize("code", [*KINDS, "something_new"])
def test_every_page_says_what_happened_and_what_to_do(pages: Pages, code: str) -> None:
    text = page(pages, code)
    assert "What happened." in text
    assert "What to do." in text
    assert not re.search(r"(?:src|@import|url\()", text)
    assert "<script" not in text


def test_what_others_said_is_escaped(pages: Pages) -> None:
    text = page(
        pages, "app_failed", path="/" + EVIL, log=[EVIL], reason=EVIL, node=EVIL, project_page="javascript:" + EVIL
    )
    assert "<script" not in text
    assert "javascript:" not in text


@pytest.mark.parametrize("path", ["//evil.example.org/", "http://evil.example.org/", "javascript:alert(1)"])
def test_the_way_back_stays_here(pages: Pages, path: str) -> None:
    assert "Try again" not in page(pages, "app_failed", path=path)


def test_links_to_the_project_are_the_servers(pages: Pages) -> None:
    own = "http://server.example.org/alice/p"
    assert f'href="{own}"' in page(pages, "project_not_running", state="stopped", project_page=own)
    evil = "http://server.example.org.evil.example/alice/p"
    assert evil not in page(pages, "project_not_running", state="stopped", project_page=evil)


@pytest.mark.parametrize(
    ("state", "moves"), [("stopped", False), ("error", False), ("starting", True), ("stopping", True), (None, False)]
)
def test_a_page_moves_on_only_while_something_is_under_way(pages: Pages, state: str | None, *, moves: bool) -> None:
    text = page(pages, "project_not_running", state=state)
    assert ("http-equiv" in text) == moves


def test_the_policy_allows_the_style_on_the_page_and_nothing_else(pages: Pages) -> None:
    style = re.search(r"<style>(.*?)</style>", page(pages, "app_starting"), re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = Pages.headers()["Content-Security-Policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")


def test_a_very_long_log_is_cut(pages: Pages) -> None:
    text = page(pages, "app_failed", log=["x" * 100] * 10000)
    assert len(text) < 40000
