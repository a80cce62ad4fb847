# SPDX-License-Identifier: GPL-3.0-or-later
"""`wk-gateway`: serves the control plane on its Unix socket until SIGTERM."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from wakari.core import logs, web
from wakari.core.settings import SettingsError
from wakari.gateway.app import create_app
from wakari.gateway.settings import REGISTRATION, read

log = logging.getLogger(__name__)

BAD_SETTINGS = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Return the exit status: 0 after SIGTERM, 3 where the settings cannot be used."""
    arguments = _parser().parse_args(argv)
    logs.configure()
    try:
        settings = read(arguments.config)
        create_app(settings)  # whatever is wrong with the settings is said now, not by each process
    except SettingsError as error:
        for line in str(error).splitlines():
            log.error("%s", line)  # noqa: TRY400 - the message says all; a trace would hide it
        return BAD_SETTINGS
    if arguments.check:
        return 0
    web.serve(
        lambda: create_app(settings),
        settings.socket,
        workers=settings.processes,
        threads=settings.threads,
        socket_mode=0o600,
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wk-gateway", description="Control plane of a Wakari gateway.")
    parser.add_argument(
        "-c",
        "--config",
        metavar="FILE",
        type=Path,
        default=Path(sys.prefix) / "etc" / "wakari" / REGISTRATION,
        help="the registration written by wk-gateway-configure; config.json beside it is read first",
    )
    parser.add_argument("--check", action="store_true", help="read the settings, say what is wrong, exit")
    return parser


if __name__ == "__main__":
    sys.exit(main())
