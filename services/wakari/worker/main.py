# SPDX-License-Identifier: GPL-3.0-or-later
"""wakari-worker."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from wakari.core import logs
from wakari.core.settings import SettingsError
from wakari.fleet.runner import FleetRunner
from wakari.mail import Postman
from wakari.projects import Sites
from wakari.server import settings as settings_module
from wakari.store import connect
from wakari.store.sealed import Sealer
from wakari.worker.worker import Worker

EXIT_SETTINGS = 3


def main(argv: Sequence[str] | None = None) -> int:
    """Work until SIGTERM or SIGINT; return the exit code: 0, or 3 for settings that cannot be used."""
    parser = argparse.ArgumentParser("wakari-worker", description="Carry the server's tasks to the gateways.")
    parser.add_argument(
        "-c", metavar="FILE", dest="files", type=Path, action="append", default=[], help="settings file"
    )
    arguments = parser.parse_args(argv)
    logs.configure()
    try:
        settings = settings_module.load(arguments.files, "wk-server", "wakari-worker")
        store = connect(settings.mongodb_uri(), settings.mongodb_database)
        sites = Sites(store, Sealer(settings.secret_key()))
    except SettingsError as error:
        sys.stderr.write(f"wakari-worker: {error}\n")
        return EXIT_SETTINGS
    worker = Worker(store, sites, threads=settings.worker_threads, health_interval=settings.health_interval)
    worker.postman = Postman(store, sites.sealer, settings.mail, settings.prefix)
    if settings.fleet_dir is not None:
        artifacts = settings.prefix / "var/lib/fleet"
        worker.fleet = FleetRunner(store, settings.fleet_dir, artifacts, settings.fleet_ansible, worker.name)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop.set())
    worker.run()
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
