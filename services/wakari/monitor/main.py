# SPDX-License-Identifier: GPL-3.0-or-later
"""`wk-compute-monitor`: watches apps, reports, stops idle ones, answers people. Run as the service account."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from wakari.compute import settings
from wakari.compute.helper_client import HelperClient
from wakari.compute.settings import ComputeSettings
from wakari.core import logs
from wakari.core.errors import AppError
from wakari.core.settings import SettingsError
from wakari.monitor.calls import Calls
from wakari.monitor.local import LocalServer
from wakari.monitor.reporter import Reporter
from wakari.monitor.watch import Watch

log = logging.getLogger(__name__)
BAD_SETTINGS = 3
# A check of a whole tree waits for everybody else.
_NICE = ("nice", "-n", "19")


def main(arguments: Sequence[str] | None = None) -> int:
    """Work until SIGTERM. Return 0, or 3 where the settings cannot be used (the reason is on standard error)."""
    parser = argparse.ArgumentParser(prog="wk-compute-monitor", description="Watches apps.", allow_abbrev=False)
    parser.add_argument(
        "-c", dest="config", metavar="FILE", type=Path, action="append", default=[], help="a settings file; repeatable"
    )
    options = parser.parse_args(arguments)
    logs.configure()
    try:
        found = settings.load(options.config).settings
        found.key()
    except SettingsError as error:
        sys.stderr.write(f"wk-compute-monitor: {error}\n")
        return BAD_SETTINGS
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    run(found, ended)
    return 0


def run(found: ComputeSettings, ended: threading.Event) -> None:
    """Look, report and answer until `ended` is set."""
    watch = Watch(found, HelperClient(found.helper(), found.job_timeout))
    reporter = Reporter(found, watch, HelperClient([*_NICE, *found.helper()], found.job_timeout))
    local = LocalServer(found.run_dir / found.local_socket, Calls(found, watch, reporter).answer)
    threading.Thread(target=local.serve, daemon=True).start()
    log.info("watching", extra={"node": found.node_name, "interval": found.report_interval})
    while not ended.is_set():
        _once(watch, reporter)
        ended.wait(found.report_interval)
    local.close()


def _once(watch: Watch, reporter: Reporter) -> None:
    logs.take_request_id(None)
    try:
        watch.look()
    except AppError as error:
        log.error("no look at the apps", extra={"why": error.message})  # noqa: TRY400
    except Exception:
        log.exception("no look at the apps")
    try:
        reporter.report()
    except Exception:
        log.exception("no report")
    threading.Thread(target=reporter.check, daemon=True).start()
