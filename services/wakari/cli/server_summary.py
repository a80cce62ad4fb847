# SPDX-License-Identifier: GPL-3.0-or-later
"""wk-server-summary: how the site is, on one screen (docs/server.md, "Summary")."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from wakari.cli.output import compiled, shown, table
from wakari.core.errors import AppError
from wakari.core.settings import SettingsError
from wakari.server import settings as settings_module
from wakari.server.health import dependencies
from wakari.server.services import Services, build
from wakari.store import StoreUnavailable

EXIT_WELL, EXIT_REFUSED, EXIT_SETTINGS, EXIT_DATABASE, EXIT_DEGRADED = 0, 1, 3, 4, 5


def main(argv: Sequence[str] | None = None) -> int:
    """Print the summary; return 0 where everything is well, 5 where something is not, or as wk-server-admin."""
    parser = argparse.ArgumentParser("wk-server-summary", description="Say how the site is.")
    parser.add_argument("-c", metavar="FILE", dest="files", type=Path, action="append", default=[])
    parser.add_argument("--output", choices=("table", "json"), default="table", help="how it is printed")
    parser.add_argument("--query", metavar="JMESPATH", help="what of it to print (jmespath.org)")
    arguments = parser.parse_args(argv)
    try:
        query = compiled(arguments.query)
        services = build(settings_module.load(arguments.files))
        try:
            found = summary(services)
        finally:
            services.store.close()
        if arguments.output == "json" or query is not None:
            print(shown(found, as_json=arguments.output == "json", query=query))
        else:
            print("\n\n".join(_part(name, content) for name, content in found.items()))
    except SettingsError as error:
        return _refuse(str(error), EXIT_SETTINGS)
    except StoreUnavailable as error:
        return _refuse(str(error), EXIT_DATABASE)
    except AppError as error:
        return _refuse(f"{error.message} {error.hint}".strip(), EXIT_REFUSED)
    return EXIT_WELL if all(one["status"] == "ok" for one in found["dependencies"]) else EXIT_DEGRADED


def summary(services: Services) -> dict[str, Any]:
    """Return numbers, the state of each dependency and of each compute node."""
    store = services.store
    nodes = store.nodes.page("", 0)
    load = store.projects.load(node.name for node in nodes)
    return {
        "numbers": {
            "users": store.users.count(),
            "projects": store.projects.count(),
            "projects by state": store.projects.by_state(),
            "tasks by state": store.tasks.by_state(),
            "unread exceptions": store.exceptions.unread(),
        },
        "dependencies": [{"name": name, **told} for name, told in dependencies(services).items()],
        "nodes": [
            {
                "name": node.name,
                "state": node.state,
                "drained": node.drained,
                "projects": load[node.name][1],
                "running": load[node.name][0],
                "apps": node.heartbeat.apps if node.heartbeat else None,
                "last_heartbeat": node.heartbeat.at.isoformat(timespec="seconds") if node.heartbeat else None,
            }
            for node in nodes
        ],
    }


def _part(name: str, content: Any) -> str:  # noqa: ANN401 - a table or facts
    text = table(content) if isinstance(content, list) else shown(content, as_json=False)
    return f"{name.capitalize()}\n{text}"


def _refuse(message: str, code: int) -> int:
    sys.stderr.write(f"wk-server-summary: {message}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
