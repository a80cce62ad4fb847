# SPDX-License-Identifier: GPL-3.0-or-later
"""`wk-app-viewer`: the Viewer of one person and project. Run by the app's unit, as the person."""

from __future__ import annotations

import argparse
import os
import socket
from collections.abc import Sequence
from pathlib import Path

from wakari.core import logs, web
from wakari.viewer.app import Place, create_app


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM; return 0."""
    parser = argparse.ArgumentParser(
        prog="wk-app-viewer", description="Shows a project's files, read-only.", allow_abbrev=False
    )
    parser.add_argument("--socket", type=Path, required=True, help="the Unix socket to listen on")
    parser.add_argument("--url-prefix", required=True, help="/<owner>/<project>/viewer/")
    parser.add_argument("--project-dir", type=Path, required=True, help="the project's folder")
    parser.add_argument("--anaconda", type=Path, required=True, help="the root distribution, whose nbconvert is used")
    options = parser.parse_args(arguments)
    logs.configure("WARNING")
    # Set by the root helper alone, for the instance that everybody outside the team of a public project shares.
    shared = os.environ.get("WAKARI_VISITORS") == "yes"
    place = Place(options.project_dir, options.url_prefix, options.anaconda, shared=shared)
    # detach: gunicorn closes it.
    web.serve(lambda: create_app(place), listening(options.socket).detach(), workers=1, threads=8)
    return 0


def listening(path: Path) -> socket.socket:
    """Return a socket bound at the path, for its owner and the folder's group, through which the gateway's side comes.

    gunicorn would give it to the person's own group, which the folder's set-group-id bit is there to prevent.
    """
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX)
    former = os.umask(0o117)
    try:
        bound.bind(str(path))
    finally:
        os.umask(former)
    return bound
