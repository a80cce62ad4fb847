# SPDX-License-Identifier: GPL-3.0-or-later
"""`wk-gateway-drain`: takes this gateway out of service gently, and puts it back (docs/gateway.md)."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from wakari.gateway.settings import DRAINING

NO_WRITE = 7
HELP = {
    "on": "open no more apps here; who has one open goes on",
    "off": "open apps again",
    "status": "say which",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 done, 7 where the mark cannot be written."""
    arguments = _parser().parse_args(argv)
    mark = arguments.prefix / "etc" / "wakari" / DRAINING
    before = mark.exists()
    try:
        if arguments.verb == "on":
            mark.touch(mode=0o644)
        elif arguments.verb == "off":
            mark.unlink(missing_ok=True)
    except OSError as error:
        print(f"wk-gateway-drain: {mark}: cannot be changed ({error.strerror}); run it as root.", file=sys.stderr)
        return NO_WRITE
    told = {"changed": mark.exists() != before, "draining": mark.exists()}
    print(json.dumps(told) if arguments.json else ("draining" if told["draining"] else "in service"))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wk-gateway-drain", description="Take this gateway out of service gently.")
    parser.add_argument("verb", choices=list(HELP), help="; ".join(f"{verb}: {what}" for verb, what in HELP.items()))
    parser.add_argument("--prefix", type=Path, default=Path(sys.prefix), help="where etc/wakari is")
    parser.add_argument("--json", action="store_true", help="print the result as a JSON line")
    return parser


if __name__ == "__main__":
    sys.exit(main())
