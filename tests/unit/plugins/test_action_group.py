# SPDX-License-Identifier: GPL-3.0-or-later
"""The action group has each module with the connection's options, and no other."""

from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]


def test_the_group_is_the_modules_that_call_the_server() -> None:
    group = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text())["action_groups"]["platform"]
    calling = [
        path.stem
        for path in sorted((ROOT / "plugins" / "modules").glob("*.py"))
        if "- wakari.aen.connection\n" in path.read_text()
    ]
    assert group == calling
