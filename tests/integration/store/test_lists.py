# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of projects are read from indexes: MongoDB explains the very queries that were sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from tests.crowd import fill
from tests.mongod import Mongod
from wakari.access import Action, Caller, SiteRole, query
from wakari.projects.social import Social
from wakari.store import Store

PEOPLE, PROJECTS = 200, 4000  # 20 of each person's own, 60 they are in, 400 public
LIMIT = 26
OWNED = PROJECTS // PEOPLE  # of the owner with whom the page before ended, all may be looked at again
ME = Caller("p7", SiteRole.USER, frozenset({"makers", "readers"}))
STAFF = Caller("helga", SiteRole.STAFF)


class Heard(CommandListener):
    """Keeps the finds on projects."""

    def __init__(self) -> None:
        self.finds: list[dict[str, Any]] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name == "find" and event.command["find"] == "projects":
            kept = ("find", "filter", "sort", "limit", "hint")
            self.finds.append({name: event.command[name] for name in kept if name in event.command})

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Say nothing."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Say nothing."""


@dataclass
class Crowd:
    store: Store
    heard: Heard
    plans: list[dict[str, Any]] = field(default_factory=list)

    def explained(self, work: Callable[[], list[Any]]) -> tuple[list[Any], dict[str, Any]]:
        """Return what a call found, and MongoDB's explanation of the last query it sent."""
        self.heard.finds.clear()
        found = work()
        explained = self.store.database.command("explain", self.heard.finds[-1], verbosity="executionStats")
        return found, explained


@pytest.fixture(scope="module")
def crowd(mongod: Mongod) -> Iterator[Crowd]:
    heard = Heard()
    client: MongoClient[dict[str, Any]] = MongoClient(mongod.uri, tz_aware=True, event_listeners=[heard])
    store = Store(client, "crowd")
    store.init()
    fill(store, PEOPLE, PROJECTS, "east", "n1")
    yield Crowd(store, heard)
    client.drop_database("crowd")
    store.close()


def stages(plan: Any) -> set[str]:
    """Return the names of all stages of a winning plan."""
    found = {plan["stage"]} if isinstance(plan, dict) and "stage" in plan else set()
    below = plan.values() if isinstance(plan, dict) else plan if isinstance(plan, list) else ()
    return found.union(*map(stages, below)) if below else found


def page(caller: Caller, tab: str, text: str = "", after: tuple[str, str] | None = None) -> Any:
    return lambda store: Social(store).page(caller, tab, text, after, LIMIT)  # type: ignore[arg-type]


CASES = {
    "own": (page(ME, "own"), 20),
    "own, searched": (page(ME, "own", "ocean"), 20),
    "own, later": (page(ME, "own", "", ("p7", "m")), 20),
    "shared": (page(ME, "shared"), 60),
    "shared, searched": (page(ME, "shared", "climate stu"), 60),
    "shared, later": (page(ME, "shared", "", ("p5", "climate-study-1005")), 60),
    "public": (page(ME, "public"), LIMIT),
    "public, later": (page(ME, "public", "", ("p20", "x")), LIMIT + OWNED),
    "public, searched": (page(ME, "public", "genome"), LIMIT),
    "public, searched by a beginning, later": (page(ME, "public", "gen", ("p20", "x")), LIMIT + OWNED),
    "API": (lambda store: store.projects.page(query(ME, Action.PROJECT_READ), None, LIMIT), 2 * LIMIT),
    "API, later": (
        lambda store: store.projects.page(query(ME, Action.PROJECT_READ), ("p20", "x"), LIMIT),
        2 * LIMIT + OWNED,
    ),
    "API, staff": (
        lambda store: store.projects.page(query(STAFF, Action.PROJECT_READ), ("p20", "x"), LIMIT),
        LIMIT + OWNED,
    ),
    "API, of one owner": (
        lambda store: store.projects.page(query(ME, Action.PROJECT_READ), None, LIMIT, {"owner": "p5"}),
        30,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_no_list_reads_all_projects_or_sorts_them(crowd: Crowd, name: str) -> None:
    work, most = CASES[name]
    found, explained = crowd.explained(lambda: work(crowd.store))
    assert found
    used = stages(explained["queryPlanner"]["winningPlan"])
    assert "IXSCAN" in used, used
    assert not used & {"COLLSCAN", "SORT"}, used
    stats = explained["executionStats"]
    assert stats["totalDocsExamined"] <= most, (stats["totalDocsExamined"], stats["totalKeysExamined"])


def test_pages_follow_each_other_without_gap_or_repetition(crowd: Crowd) -> None:
    for tab in ("own", "shared", "public"):
        seen: list[str] = []
        after = None
        while found := Social(crowd.store).page(ME, tab, "", after, 7):
            seen += [one.path for one in found]
            after = (found[-1].owner, found[-1].name)
        whole = Social(crowd.store).page(ME, tab, "", None, PROJECTS)
        assert seen == [one.path for one in whole]
        assert len(seen) == {"own": 20, "shared": 60, "public": 400}[tab]


@pytest.mark.parametrize(
    ("text", "number"), [("study 40", None), ("OCEAN stud", None), ("p7", 0), ("zebra", 0), ("...", 0), ("ocean xx", 0)]
)
def test_each_word_must_begin_a_word(crowd: Crowd, text: str, number: int | None) -> None:
    found = Social(crowd.store).page(ME, "public", text, None, 50)
    assert number is None or len([one for one in found if one.owner == "p7"]) == number
    first = text.lower().split()[0]
    assert all(any(word.startswith(first) for word in one.words) for one in found)
    assert found or number == 0
