# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tools.release artifact`: write what a site installs from into dist/."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.release import artifact
from tools.release.errors import ReleaseError
from tools.wheelhouse.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None) -> int:
    """Return the exit status: 0 when what was asked for is there."""
    parser = argparse.ArgumentParser(prog="python -m tools.release", description=__doc__)
    parser.add_argument("what", choices=["artifact"])
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder to write into")
    parser.add_argument("--development", action="store_true", help="with the MongoDB of tests; not to be handed on")
    chosen = parser.parse_args(arguments)
    try:
        written = artifact.build(ROOT, Settings().output, chosen.output, development=chosen.development)
    except ReleaseError as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    print(f"release: {written} ({written.stat().st_size / 1e6:.0f} MB)")
    return 0
