# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node keeps of a project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wakari.core.messages import ProjectSpec
from wakari.helper.applying import Applying
from wakari.helper.settings import HelperSettings

SPEC = ProjectSpec.model_validate({"owner": {"name": "alice", "uid": 20000, "gid": 20000}, "name": "p1"})


def test_what_is_remembered_is_on_the_disk_before_it_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    applying = Applying(HelperSettings(prefix=tmp_path, state_dir=tmp_path))
    written: list[tuple[int, bool]] = []
    sync = os.fsync

    def noted(descriptor: int) -> None:
        written.append((os.fstat(descriptor).st_size, (tmp_path / "projects/alice/p1.json").exists()))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    applying.remember(SPEC)
    assert written == [((tmp_path / "projects/alice/p1.json").stat().st_size, False)]
    assert applying.remembered("alice", "p1") == SPEC
