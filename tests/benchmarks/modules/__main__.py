# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a play takes that describes many projects with their teams, and how many requests it sends.

    python -m tests.benchmarks.modules [--projects N] [--owners N]

Asks the running platform (`make up`, or the one AEN_LOCAL_JSON describes): once to make them, once with all as
described, once with one change in every tenth. Removes them at the end. Ends with 1 where a play changed what it should
not have.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.functional.modules.playbook import Ansible, step
from tests.functional.platform import Account, Site


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.modules")
    parser.add_argument("--projects", type=int, default=1000)
    parser.add_argument("--owners", type=int, default=10)
    options = parser.parse_args()
    site = Site.read()
    admin = site.admin()
    owners = [site.new_account("bulk").name for _ in range(options.owners)]
    group = f"g{secrets.token_hex(4)}"
    admin.call("POST", "/groups", {"name": group, "members": owners[:2]})
    projects = [_project(number, owners, group) for number in range(options.projects)]
    say(f"{options.projects} projects", "seconds", "requests", "made", "changed")
    try:
        with tempfile.TemporaryDirectory() as folder:
            token = admin.authorization.removeprefix("Bearer ")
            ansible = Ansible(site, Path(folder), token, next(iter(site.hosts)))
            made = _play(ansible, "made", projects)
            again = _play(ansible, "as they are", projects)
            for project in projects[::10]:
                project["summary"] = "Another"
            changed = _play(ansible, "a tenth changed", projects)
    finally:
        _remove(admin, owners, group)
    good = (
        len(made["created"]) == len(projects)
        and not again["changed"]
        and len(changed["updated"]) == len(projects[::10])
    )
    return 0 if good else 1


def _project(number: int, owners: list[str], group: str) -> dict[str, Any]:
    owner, member = owners[number % len(owners)], owners[(number + 1) % len(owners)]
    team = {"members": [{"user": member, "role": "viewer"}], "groups": [{"group": group, "role": "member"}]}
    return {"owner": owner, "name": f"p{number}", "summary": "One of many", **team}


def _play(ansible: Ansible, title: str, projects: list[dict[str, Any]]) -> dict[str, Any]:
    began = time.monotonic()
    result = ansible.play([step(title, "projects", {"projects": projects})])[title]
    seconds = time.monotonic() - began
    say(title, f"{seconds:.1f}", str(result["requests"]), str(len(result["created"])), str(len(result["updated"])))
    return result


def _remove(admin: Account, owners: list[str], group: str) -> None:
    for owner in owners:
        while found := admin.call("GET", f"/projects?owner={owner}&limit=200")["items"]:
            for project in found:
                if project["state"] != "stopping":
                    admin.call("DELETE", f"/projects/{owner}/{project['name']}")
            time.sleep(0.5)
        admin.call("DELETE", f"/users/{owner}")
    admin.call("DELETE", f"/groups/{group}")


def say(*cells: str) -> None:
    """Print one line of the table."""
    print(f"{cells[0]:24}" + "".join(f"{cell:>12}" for cell in cells[1:]), flush=True)  # noqa: T201 - the table


if __name__ == "__main__":
    sys.exit(main())
