# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m tools.channel build`: see docs/environments.md."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tools.channel.build import Plan, build
from tools.channel.errors import ChannelError
from tools.channel.interpreter import inspect_interpreter

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements" / "channel.txt"


def cache_directory() -> Path:
    """`$AEN_CACHE`, else `/var/cache/aen`."""
    return Path(os.environ.get("AEN_CACHE") or "/var/cache/aen")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns 0, or 1 with the reason on standard error."""
    options = _parser().parse_args(arguments)
    try:
        return _build(options)
    except (ChannelError, OSError) as error:
        print(f"channel: {error}", file=sys.stderr)
        return 1


def _build(options: argparse.Namespace) -> int:
    started = time.monotonic()
    channel = (options.out or cache_directory() / "channel").resolve()
    plan = Plan(
        interpreter=inspect_interpreter(options.python),
        requirements=REQUIREMENTS,
        channel=channel,
        wheels=cache_directory() / "channel-wheels",
        jobs=options.jobs,
    )

    def report(message: str) -> None:
        print(f"channel: {time.monotonic() - started:5.1f} s  {message}", flush=True)

    outcome = build(plan, report)
    state = "built" if outcome.changed else "unchanged"
    report(f"{state}: {outcome.packages} packages, {outcome.bytes / 1e6:.0f} MB in {channel}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.channel", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("build", help="build the channel, unless it is there and unchanged")
    command.add_argument("--out", type=Path, help="directory of the channel (default: $AEN_CACHE/channel)")
    command.add_argument("--python", type=Path, default=Path("/usr/bin/python3.11"), help="the CPython to package")
    command.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one for each CPU)")
    return parser
