# SPDX-License-Identifier: GPL-3.0-or-later
"""The indexer's settings, `etc/wakari/search.json` (docs/search.md, "On a node")."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from wakari.core.messages import UserName
from wakari.core.settings import Settings, build, read_files
from wakari.helper import visitors

INDEX = "index.db"


class SearchSettings(Settings):
    """Everything the indexer knows. Times in seconds, sizes in bytes."""

    project_root: Path = Field(default=Path("/projects"), alias="projectRoot")
    anon_user: UserName = Field(default=visitors.DEFAULT, alias="ANON_USER")
    state_dir: Path = Path("/var/lib/wakari-search")
    socket: Path = Path("/run/wakari-search/search.sock")
    interval: float = Field(default=20.0, ge=1, le=86400)
    file_limit: int = Field(default=8 << 20, ge=1024, le=256 << 20, strict=True)
    project_files: int = Field(default=20_000, ge=1, le=10_000_000, strict=True)
    queries: int = Field(default=4, ge=1, le=64, strict=True)  # answered at once

    @property
    def anonymous(self) -> str | None:
        """Return the account of people outside the team of a public project; None where it is switched off."""
        return visitors.account_named(self.anon_user)


def load(files: Sequence[Path]) -> SearchSettings:
    """Return the settings of these files; raise SettingsError where a file is missing or a key is wrong."""
    return build(SearchSettings, read_files(files, required=files))
