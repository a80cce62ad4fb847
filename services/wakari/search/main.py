# SPDX-License-Identifier: GPL-3.0-or-later
"""`wk-compute-search`: keeps the index of a node's projects and answers queries. Run by systemd, as its own account."""

from __future__ import annotations

import argparse
import logging
import pwd
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from wakari.core import logs
from wakari.core.settings import SettingsError
from wakari.search import settings
from wakari.search.child import Extractor
from wakari.search.index import Index
from wakari.search.local import Answers, LocalServer
from wakari.search.scan import Scanner
from wakari.search.settings import SearchSettings

log = logging.getLogger(__name__)
BAD_SETTINGS = 3
# A node with very many files is looked at less often, so that the look takes a tenth of one core at most.
_SHARE = 9.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Work until SIGTERM. Return 0, or 3 where the settings cannot be used (the reason is on standard error)."""
    parser = argparse.ArgumentParser(prog="wk-compute-search", description="Indexes projects.", allow_abbrev=False)
    parser.add_argument(
        "-c", dest="config", metavar="FILE", type=Path, action="append", default=[], help="a settings file; repeatable"
    )
    options = parser.parse_args(arguments)
    logs.configure()
    try:
        found = settings.load(options.config)
        visitor = _uid(found.anonymous)
    except SettingsError as error:
        sys.stderr.write(f"wk-compute-search: {error}\n")
        return BAD_SETTINGS
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    run(found, visitor, ended)
    return 0


def run(found: SearchSettings, visitor: int | None, ended: threading.Event) -> None:
    """Look and answer until `ended` is set. Answers what is indexed so far from the beginning."""
    place = found.state_dir / settings.INDEX
    index, extractor = Index(place), Extractor()
    scanner = Scanner(found.project_root, index, extractor, found.file_limit, found.project_files, ended)
    answers = Answers(place, visitor, found.queries)
    server = LocalServer(found.socket, answers)
    server.start()
    log.info("searching", extra={"root": str(found.project_root), "interval": found.interval})
    try:
        while not ended.is_set():
            ended.wait(max(found.interval, _SHARE * _once(scanner, answers)))
    finally:
        server.shutdown()
        server.server_close()
        extractor.close()
        index.close()


def _once(scanner: Scanner, answers: Answers) -> float:
    """Return how many seconds a look took."""
    logs.take_request_id(None)
    try:
        count = scanner.look()
    except Exception:
        log.exception("no look at the files")
        return 0.0
    answers.looked = time.time()
    if count.changed or count.removed:
        counts = {"files": count.files, "changed": count.changed, "removed": count.removed}
        log.info("indexed", extra={**counts, "seconds": round(count.seconds, 2)})
    return count.seconds


def _uid(account: str | None) -> int | None:
    if account is None:
        return None
    try:
        return pwd.getpwnam(account).pw_uid
    except KeyError:
        raise SettingsError(f"ANON_USER: there is no account {account!r}. Run the playbook: it makes it.") from None
