# SPDX-License-Identifier: GPL-3.0-or-later
"""`wk-compute`: the launcher. Run by supervisord as the service account."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from wakari.compute import manifests, settings
from wakari.compute.app import create_app
from wakari.core import logs, web
from wakari.core.settings import SettingsError

log = logging.getLogger(__name__)
BAD_SETTINGS = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM. Return 0, or 3 where the settings cannot be used (the reason is on standard error)."""
    options = _parser().parse_args(arguments)
    logs.configure("WARNING" if options.print_config or options.check else "INFO")
    try:
        found = settings.load(options.config)
        if options.print_config:
            sys.stdout.write("\n".join(found.lines()) + "\n")
            return 0
        found.settings.key()
        usable, wrong = manifests.read_all(found.settings.below_prefix(found.settings.apps_dir))
    except SettingsError as error:
        sys.stderr.write(f"wk-compute: {error}\n")
        return BAD_SETTINGS
    if options.check and wrong:
        sys.stderr.write("".join(f"wk-compute: {message}\n" for message in wrong))
        return BAD_SETTINGS
    for message in wrong:
        log.error("app not offered", extra={"reason": message})
    if options.check:
        sys.stdout.write("wk-compute: the configuration is good.\n")
        return 0
    log.info("starting", extra={"node": found.settings.node_name, "apps": ",".join(one.name for one in usable)})
    socket = found.settings.below_prefix(found.settings.socket)
    web.serve(
        lambda: create_app(found.settings),
        socket,
        workers=found.settings.processes,
        threads=found.settings.threads,
        socket_mode=0o600,
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="wk-compute", description="Launches compute processes.", allow_abbrev=False)
    parser.add_argument(
        "-c", dest="config", metavar="FILE", type=Path, action="append", default=[], help="a settings file; repeatable"
    )
    parser.add_argument("--print-config", action="store_true", help="print every value and where it came from")
    parser.add_argument("--check", action="store_true", help="say what is wrong with the configuration, and exit")
    return parser
