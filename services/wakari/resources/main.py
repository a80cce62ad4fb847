# SPDX-License-Identifier: GPL-3.0-or-later
"""`wk-app-resources`: the app Resources of one person and project. Run by the app's unit, as the person."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from wakari.core import logs, web
from wakari.resources.app import Place, create_app
from wakari.resources.client import SOCKET
from wakari.viewer.main import listening


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM; return 0."""
    parser = argparse.ArgumentParser(
        prog="wk-app-resources", description="Environment and running apps of a project.", allow_abbrev=False
    )
    parser.add_argument("--socket", type=Path, required=True, help="the Unix socket to listen on")
    parser.add_argument("--url-prefix", required=True, help="/<owner>/<project>/resources/")
    parser.add_argument("--project-dir", type=Path, required=True, help="the project's folder")
    parser.add_argument("--anaconda", type=Path, required=True, help="the root distribution")
    parser.add_argument("--environment", type=Path, required=True, help="the project's active environment")
    parser.add_argument("--launcher", type=Path, default=SOCKET, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    logs.configure("WARNING")
    _, owner, project, *_ = options.url_prefix.split("/")
    place = Place(owner, project, options.url_prefix, options.project_dir, options.anaconda, options.environment.name)
    # detach: gunicorn closes it.
    web.serve(lambda: create_app(place, options.launcher), listening(options.socket).detach(), workers=1, threads=4)
    return 0
