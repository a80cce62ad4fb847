# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of the documentation, taken anew from the pages: `make screenshots` puts them into docs/images."""

from __future__ import annotations

from typing import Literal

import pytest

from tests.e2e.conftest import OUT
from tests.e2e.pages.conftest import Pages
from tests.e2e.pages.scene import OWNER, report_nodes
from tests.functional.platform import ROOT
from tools.checks._documents import pages as documents

Scheme = Literal["light", "dark"]
PICTURES: dict[str, tuple[str, str, Scheme]] = {
    "home": (OWNER, "/", "light"),
    "home-dark": (OWNER, "/", "dark"),
    "project": (OWNER, "/ada/ocean", "light"),
    "project-dark": (OWNER, "/ada/ocean", "dark"),
    "team": (OWNER, "/ada/ocean/settings", "light"),
    "admin-overview": ("wakari", "/admin", "light"),
    "admin-apps": ("wakari", "/admin/apps", "light"),
    "admin-nodes": ("wakari", "/admin/nodes", "light"),
}
LIMIT = 150_000  # bytes, so that a checkout stays small


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_small(pages: Pages, name: str) -> None:
    person, path, scheme = PICTURES[name]
    report_nodes(pages.kit.services.store)
    page = pages.open(path, person)
    try:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        taken = OUT / "pictures" / f"{name}.png"
        page.screenshot(path=taken)
        assert taken.stat().st_size < LIMIT
    finally:
        page.close()


def test_the_documentation_shows_each() -> None:
    shown = "".join(page.read_text(encoding="utf-8") for page in documents(ROOT))
    assert {path.stem for path in (ROOT / "docs" / "images").glob("*.png")} == set(PICTURES)
    assert [name for name in PICTURES if f"images/{name}.png" not in shown] == []
