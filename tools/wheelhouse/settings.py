# SPDX-License-Identifier: GPL-3.0-or-later
"""Which archives there are, for which Pythons, and where things are kept."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TIERS = ("server", "gateway", "compute")
PYTHONS = ("3.11", "3.13")  # Debian 12, Debian 13
# glibc versions whose wheels run on Debian 12 (2.36) and later, newest first (PEP 600).
GLIBC_MINORS = (36, 35, 34, 31, 28, 27, 24, 17)


def _cache() -> Path:
    return Path(os.environ.get("AEN_CACHE", "/var/cache/aen"))


@dataclass(frozen=True)
class Settings:
    """Where the sources are read, the downloads are kept and the archives are written."""

    root: Path = ROOT
    cache: Path = field(default_factory=_cache)
    machine: str = field(default_factory=platform.machine)

    @property
    def output(self) -> Path:
        """The wheelhouse folder, the default of the role variable `aen_common_wheelhouse`."""
        return self.root / "build" / "wheelhouse"

    @property
    def platforms(self) -> tuple[str, ...]:
        """Platform tags that a host of this machine type can install, best first."""
        return (*(f"manylinux_2_{minor}_{self.machine}" for minor in GLIBC_MINORS), f"manylinux2014_{self.machine}")

    def lock(self, name: str) -> Path:
        """The lock file of this name."""
        return self.root / "requirements" / f"{name}.txt"
