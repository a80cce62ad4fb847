# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a person waits: first start of a project, first and warm opening of its Notebook, alone and many at once.

    python -m tests.benchmarks.start [--rounds N] [--many N]

Asks the running platform (`make up`, or the one AEN_LOCAL_JSON describes), all on its first compute node, and prints
beside it what Jupyter itself takes there. Ends with 1 where one of the starts at once failed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.benchmarks.start import directly
from tests.functional.platform import Account, Site

PATIENCE = 300  # seconds for one start
PAGE = "tree"


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.start")
    parser.add_argument("--rounds", type=int, default=5, help="how often each single figure is taken")
    parser.add_argument("--many", type=int, default=20, help="how many projects start at once")
    options = parser.parse_args()
    site = Site.read()
    node, at = _place(site)
    say("", "p50", "p95")

    people = [site.new_account("bench") for _ in range(options.rounds)]
    projects = [_made(person, at) for person in people]
    _row("first start of a project", [_timed(_start, *one)[0] for one in zip(people, projects, strict=True)])
    opened = [_timed(_open, *one)[0] for one in zip(people, projects, strict=True)]
    _row("first opening of its Notebook", opened)
    warm = [_timed(_open, *one)[0] for one in zip(people, projects, strict=True) for _ in range(4)]
    _row("opening while it runs", warm)
    alone = directly.seconds(site, node, people[0].name, projects[0]["name"], options.rounds)
    _row("Jupyter itself, on the node", alone)
    say("first opening / Jupyter itself", f"{statistics.median(opened) / statistics.median(alone):.2f}", "")
    for person, project in zip(people, projects, strict=True):
        _stop(person, project)
    return _many(site, at, options.many)


def _many(site: Site, at: dict[str, Any], number: int) -> int:
    people = [site.new_account("many") for _ in range(number)]
    projects = [_made(person, at) for person in people]
    failed: list[str] = []
    with ThreadPoolExecutor(number) as pool:
        for title, work in (("first starts", _start), ("first openings", _open), ("openings while they run", _open)):
            answers = list(pool.map(lambda one, work=work: _timed(work, *one), zip(people, projects, strict=True)))
            _row(f"{number} {title} at once", [seconds for seconds, _ in answers])
            failed += [why for _, why in answers if why]
    for person, project in zip(people, projects, strict=True):
        _stop(person, project)
    say("failed", str(len(failed)), "")
    for why in failed:
        sys.stdout.write(f"  {why}\n")
    return 1 if failed else 0


def _place(site: Site) -> tuple[str, dict[str, Any]]:
    """Return the host of the first compute node, and what to say for a project to live there."""
    host = next(name for name, one in site.hosts.items() if one["group"] == "aen_compute")
    nodes = site.admin().call("GET", "/nodes")["items"]
    node = next(one for one in nodes if f"//{site.hosts[host]['address']}:" in one["url"])
    return host, {"data_center": node["data_center"], "nodes": [node["name"]]}


def _made(person: Account, at: dict[str, Any]) -> dict[str, Any]:
    project: dict[str, Any] = person.call("POST", "/projects", {"name": "started", **at})
    return project


def _start(person: Account, project: dict[str, Any]) -> None:
    person.start(f"{person.name}/{project['name']}", PATIENCE)


def _open(person: Account, project: dict[str, Any]) -> None:
    """Open as the gateway says: again and again while the app is on its way."""
    deadline = time.monotonic() + PATIENCE
    while True:
        answer = person.session.get(project["urls"]["apps"]["notebook"] + PAGE, timeout=PATIENCE)
        if answer.status_code != 503 or answer.json()["error"]["code"] != "app_starting":
            break
        assert time.monotonic() < deadline, "still opening"
        time.sleep(0.1)
    assert answer.ok, f"{answer.status_code} {answer.text[:300]}"


def _stop(person: Account, project: dict[str, Any]) -> None:
    path = f"{person.name}/{project['name']}"
    person.call("POST", f"/projects/{path}/stop")
    person.wait(path, "stopped")


def _timed(work: Callable[..., None], *arguments: Any) -> tuple[float, str]:
    """Return the seconds the work took and why it failed, empty where it did not."""
    began = time.monotonic()
    why = ""
    try:
        work(*arguments)
    except (AssertionError, OSError) as error:
        why = str(error)[:400]
    return time.monotonic() - began, why


def _row(title: str, seconds: Sequence[float]) -> None:
    ordered = sorted(seconds)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    say(title, f"{statistics.median(ordered):.2f} s", f"{p95:.2f} s")


def say(title: str, *cells: str) -> None:
    """Print one line of the table."""
    sys.stdout.write(f"{title:36}" + "".join(f"{cell:>10}" for cell in cells) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
