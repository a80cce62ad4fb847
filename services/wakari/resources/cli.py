# SPDX-License-Identifier: GPL-3.0-or-later
"""`wk-apps`: the apps of one's projects on this node, from a terminal."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wakari.core.errors import AppError
from wakari.resources import words
from wakari.resources.client import SOCKET, LauncherClient

REFUSED, AWAY = 1, 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Return 0 where it was done, 1 where it was refused, 2 for wrong usage, 4 where the node does not answer."""
    options = _parser().parse_args(arguments)
    client = LauncherClient(options.socket)
    try:
        if options.verb == "list":
            result = client.call("list")
            text = "\n".join(_table(result))
        elif options.verb == "stop":
            result = client.call("stop", instance=options.id)
            text = "It is stopped."
        else:
            result = client.call("snooze", instance=options.id, seconds=words.seconds_of(options.time))
            text = f"It is kept until {words.moment(result['until'])} UTC, used or not."
    except AppError as error:
        sys.stderr.write(f"wk-apps: {error.message} {error.hint}\n")
        return AWAY if error.code == "monitor_away" else REFUSED
    sys.stdout.write((json.dumps(result) if options.json else text) + "\n")
    return 0


def _table(result: dict[str, Any]) -> list[str]:
    rows = [("ID", "PROJECT", "APP", "USER", "SINCE", "CPU", "MEMORY", "TASKS", "IDLE", "STOPS IN")]
    for app in result["apps"]:
        ends = app.get("stops_at")
        rows.append(
            (
                app["instance"],
                f"{app['owner']}/{app['project']}",
                app["app"],
                app["user"],
                words.moment(app["since"]),
                words.cores(app.get("cpu")),
                words.size(app.get("memory")),
                "" if app.get("tasks") is None else str(app["tasks"]),
                words.length(app.get("idle")),
                words.length(max(ends - time.time(), 0)) if ends else "never",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    stopped = [
        f"{one['app']} of {one['user']} in {one['owner']}/{one['project']} was {one['reason']}, "
        f"{words.moment(one['at'])} UTC."
        for one in result["stopped"]
    ]
    timeout = result["policy"]["idle_timeout"]
    rule = f"An app that nobody uses stops after {words.length(timeout)}." if timeout else "No app stops by itself."
    return [*(lines if len(rows) > 1 else ["Nothing runs."]), *stopped, rule]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wk-apps", description="Apps of your projects on this node.", allow_abbrev=False
    )
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    parser.add_argument("--socket", type=Path, default=SOCKET, help=argparse.SUPPRESS)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("list", help="show what runs, what it uses and when it would be stopped")
    stop = verbs.add_parser("stop", help="stop an app of yours, or one in a project of yours")
    stop.add_argument("id", help="its ID, as list shows it")
    snooze = verbs.add_parser("snooze", help="keep an app for some time, used or not")
    snooze.add_argument("id", help="its ID, as list shows it")
    snooze.add_argument("time", help="90m, 8h, 2d")
    return parser
