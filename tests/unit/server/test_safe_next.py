# SPDX-License-Identifier: GPL-3.0-or-later
"""Redirect targets: a path on this server, nothing else (security rule 10)."""

from __future__ import annotations

import pytest

from wakari.server.guard import safe_next


@pytest.mark.parametrize(
    "good",
    ["/", "/alice/demo", "/alice/demo?x=1&y=2", "/oauth/authorize?redirect_uri=http%3A%2F%2Fgw%3A8089%2F", "/a#b"],
)
def test_a_path_stays(good: str) -> None:
    assert safe_next(good) == good


@pytest.mark.parametrize(
    "bad",
    [
        None,
        "",
        "alice",
        "//evil.test",
        "///evil.test",
        "/\\evil.test",
        "\\\\evil.test",
        "/%5cevil.test",
        "/%5Cevil.test",
        "/\t/evil.test",
        "/\n/evil.test",
        "\t//evil.test",
        " //evil.test",
        "http://evil.test",
        "https:evil.test",
        "javascript:alert(1)",
        "user@evil.test",
        "//user@evil.test",
        "/\x7f/evil.test",
        "/ /evil.test",
    ],
)
def test_anything_else_leads_home(bad: str | None) -> None:
    assert safe_next(bad) == "/"
