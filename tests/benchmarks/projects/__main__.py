# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the pages of projects take on a large site, of the time they take on a small one.

    python -m tests.benchmarks.projects [--people N] [--projects N] [--rounds N]

The server over a real mongod, both sizes in databases of their own; the same person, with as many projects, asks for
the same pages in turns. Ends with 1 where a page takes more than 1.5 times as long.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.crowd import fill
from tests.mongod import Mongod
from tests.serverkit import Browser, Kit, write_prefix
from wakari.server import settings as settings_module
from wakari.server.app import create_app
from wakari.server.services import EXTENSION
from wakari.store import connect

SMALL = 100  # people, and projects
MOST = 1.5  # times the small site's time
OWN = 10  # projects of the person who asks, and as many that are shared with them
PAGES = {
    "first page": "/",
    "own": "/projects",
    "shared": "/projects?tab=shared",
    "starred": "/projects?tab=starred",
    "public": "/projects?tab=public",
    "public, searched": "/projects?tab=public&q=ocean",
    "a project": "/ann/mine-0",
}


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.projects")
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--projects", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=41)
    options = parser.parse_args()
    mongod = Mongod()
    try:
        mongod.start()
        with tempfile.TemporaryDirectory() as folder:
            small = site(mongod, Path(folder) / "small", SMALL, SMALL)
            large = site(mongod, Path(folder) / "large", options.people, options.projects)
            return report(measure({"small": small, "large": large}, options.rounds))
    finally:
        mongod.stop()


def site(mongod: Mongod, prefix: Path, people: int, projects: int) -> Browser:
    """Return a browser of somebody on a site of that size."""
    began = time.monotonic()
    write_prefix(prefix, mongod.uri, prefix.name)
    store = connect(mongod.uri, prefix.name)
    store.init()
    app = create_app(settings_module.load(prefix=prefix))
    kit = Kit(app, app.extensions[EXTENSION])
    place, _ = kit.place("east", "e1")
    fill(store, people, projects, place.id, "e1")
    ann, ben = kit.user("ann"), kit.user("ben")
    for number in range(OWN):
        mine = kit.project(ann, f"mine-{number}", tags=["ocean"], members={"ben": "viewer"})
        kit.project(ben, f"shared-{number}", members={"ann": "member"})
        kit.services.social.star(kit.caller(ann), mine, given=True)
    store.close()
    say(f"{people} people, {projects} projects", f"made in {time.monotonic() - began:.0f} s")
    return kit.browser(ann)


def measure(sites: Mapping[str, Browser], rounds: int) -> dict[str, dict[str, float]]:
    """Return the median seconds of each page on each site, asked in turns."""
    times: dict[str, dict[str, list[float]]] = {page: {name: [] for name in sites} for page in PAGES}
    for _ in range(rounds):
        for page, path in PAGES.items():
            for name, browser in sites.items():
                began = time.perf_counter()
                answer = browser.get(path)
                times[page][name].append(time.perf_counter() - began)
                if answer.status_code != 200:
                    raise SystemExit(f"{path}: {answer.status_code}")
    return {page: {name: statistics.median(found) for name, found in of.items()} for page, of in times.items()}


def report(medians: Mapping[str, Mapping[str, float]]) -> int:
    """Print the table; return 1 where a page misses the goal."""
    say("page", "small, ms", "large, ms", f"large / small (goal {MOST})")
    bad = 0
    for page, of in medians.items():
        ratio = of["large"] / of["small"]
        bad |= ratio > MOST
        say(page, f"{of['small'] * 1000:.1f}", f"{of['large'] * 1000:.1f}", f"{ratio:.2f}")
    return bad


def say(*words: str) -> None:
    """Print one line of a table."""
    sys.stdout.write("  ".join(f"{word:22}" for word in words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
