# SPDX-License-Identifier: GPL-3.0-or-later
"""One release number, in the three places that need it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import yaml

from wakari import __version__

ROOT = Path(__file__).resolve().parents[3]


def test_the_release_is_the_same_everywhere() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == __version__
    assert yaml.safe_load((ROOT / "galaxy.yml").read_text())["version"] == __version__
