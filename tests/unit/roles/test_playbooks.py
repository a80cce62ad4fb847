# SPDX-License-Identifier: GPL-3.0-or-later
"""What all playbooks that install a tier have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

PLAYBOOKS = Path(__file__).resolve().parents[3] / "playbooks"
INSTALLS = [
    pytest.param(play, id=f"{path.stem}: {play['name']}")
    for path in sorted(PLAYBOOKS.glob("*.yml"))
    for play in yaml.safe_load(path.read_text(encoding="utf-8"))
    if "roles" in play
]


def test_there_are_plays_that_install() -> None:
    assert len(INSTALLS) >= 3


@pytest.mark.parametrize("play", INSTALLS)
def test_what_installs_a_tier_reads_the_packages_of_the_bundle_where_there_is_one(play: dict[str, Any]) -> None:
    assert "/opt/wakari/bundle/apt.conf" in play.get("environment", ""), "a host without a network finds no package"


@pytest.mark.parametrize("play", INSTALLS)
def test_what_installs_a_tier_tells_apt_to_renew_its_lists_and_to_leave_recommended_packages(
    play: dict[str, Any],
) -> None:
    wanted = {"install_recommends": False, "update_cache": True, "cache_valid_time": 86400}
    assert play.get("module_defaults", {}).get("ansible.builtin.apt") == wanted
