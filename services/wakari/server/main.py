# SPDX-License-Identifier: GPL-3.0-or-later
"""wk-server: serves the application on its Unix socket with several processes."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from wakari.core import logs, web
from wakari.core.settings import SettingsError
from wakari.server import settings as settings_module
from wakari.server.app import STATIC_FOLDER, create_app
from wakari.server.http_figures import HttpFigures

log = logging.getLogger(__name__)
EXIT_SETTINGS = 3


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    result = argparse.ArgumentParser("wk-server", description="Serve pages, API and OAuth of the server node.")
    result.add_argument(
        "-c", metavar="FILE", dest="files", type=Path, action="append", default=[], help="settings file"
    )
    result.add_argument("--check", action="store_true", help="check settings and secrets, then exit")
    result.add_argument(
        "--static-path", action="store_true", help="print the folder NGINX serves as /static/, then exit"
    )
    return result


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM; return the exit code: 0, or 3 for settings that cannot be used."""
    arguments = parser().parse_args(argv)
    if arguments.static_path:
        sys.stdout.write(f"{STATIC_FOLDER}\n")
        return 0
    logs.configure()
    try:
        settings = settings_module.load(arguments.files)
        settings.secret_key()
        settings.mongodb_uri()
    except SettingsError as error:
        sys.stderr.write(f"wk-server: {error}\n")
        return EXIT_SETTINGS
    if arguments.check:
        sys.stdout.write("The settings are good.\n")
        return 0
    figures = HttpFigures()  # before the fork: all processes count into it
    web.serve(
        lambda: create_app(settings, figures),
        settings.socket,
        workers=settings.processes,
        threads=settings.threads,
        # The folder decides who may connect (docs/server.md); gunicorn gives the socket to the service account's group,
        # which NGINX is not in.
        socket_mode=0o666,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
