# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tools.release artifact` or `bundle`: write what a site installs from into dist/."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from tools.hosts.errors import LabError
from tools.hosts.settings import SUITES
from tools.release import artifact, bundle
from tools.release.errors import ReleaseError
from tools.wheelhouse.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def main(arguments: list[str] | None = None) -> int:
    """Return the exit status: 0 when what was asked for is there."""
    settings = Settings()
    parser = argparse.ArgumentParser(prog="python -m tools.release", description=__doc__)
    parser.add_argument("what", choices=["artifact", "bundle"])
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder to write into")
    parser.add_argument("--development", action="store_true", help="with the MongoDB of tests; not to be handed on")
    parser.add_argument("--suite", action="append", choices=SUITES, help="bundle: only for this Debian (default: all)")
    parser.add_argument("--package", action="append", type=Path, default=[], help="bundle: one more .deb file")
    parser.add_argument("--channel", type=Path, default=settings.cache / "channel", help="bundle: a conda channel")
    chosen = parser.parse_args(arguments)
    os.umask(0o022)
    try:
        if chosen.what == "artifact":
            carried = artifact.archives(settings.output, development=chosen.development)
            written = artifact.build(ROOT, carried, chosen.output)
        else:
            parts = bundle.Parts(
                suites=tuple(chosen.suite or SUITES),
                packages=tuple(chosen.package),
                wheelhouse=settings.output,
                channel=chosen.channel,
                cache=settings.cache,
                development=chosen.development,
            )
            written = bundle.build(ROOT, parts, chosen.output)
    except (ReleaseError, LabError) as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    print(f"release: {written} ({written.stat().st_size / 1e6:.0f} MB)")
    return 0
