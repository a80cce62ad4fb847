# SPDX-License-Identifier: GPL-3.0-or-later
"""A site in use: people, projects in every state, nodes that report, tasks that failed, files that drifted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.serverkit import PASSWORD, Kit
from wakari.store import Store
from wakari.store.base import now
from wakari.store.records import Heartbeat, Project
from wakari.store.reports import AppUse

PEOPLE = {"ada": (), "ben": (), "helga": ("staff",), "wakari": ("superuser",), "nina": (), "olga": ()}
OWNER = "ada"
DESCRIPTION = """# Sources

*OISST* since 1981, [buoys](https://buoys.example.org/data) for comparison.

| year | files |
| ---- | ----: |
| 2019 |   365 |

```
python compare.py --year 2019
```
"""
FLEET_JOB = "5f1c0a9d2b7e4c38a6d10e93"


def furnish(kit: Kit) -> None:
    """Fill the empty database."""
    people = {name: kit.user(name, *roles) for name, roles in PEOPLE.items()}
    store, services = kit.services.store, kit.services
    place, _ = kit.place("east", "east-1", "east-2")
    west, _ = kit.place("west", "west-1")
    services.groups.add("climate", "People of the climate group", ["ben"], actor="wakari")
    store.data_centers.set_health(place.id, "ok", [])
    store.data_centers.set_health(west.id, "degraded", ["west-1 did not answer within 5 s: connection refused."])
    store.nodes.set_states(place.id, {"east-1": "up", "east-2": "up"})
    store.nodes.set_states(west.id, {"west-1": "down"})
    report_nodes(store)
    owner = people[OWNER]
    texts = {
        "ocean": ("Sea surface temperature since 1981, gridded and compared with buoys", False),
        "forecast": ("Nightly demand forecast", True),
        "genomes": ("Variant calling on the winter samples", False),
        "archive-2019": ("", False),
    }
    made = {
        name: kit.project(owner, name, summary=summary, public=public, data_center=place.id)
        for name, (summary, public) in texts.items()
    }
    services.creation.update(kit.caller(owner), made["ocean"], description=DESCRIPTION)
    services.team.put(kit.caller(owner), made["ocean"], "ben", "member")
    shared = kit.project(people["helga"], "onboarding", summary="First steps on this site", public=True)
    services.team.put(kit.caller(people["helga"]), shared, OWNER, "viewer")
    _run(store, services, kit, made)
    services.site.change({"open_registration": True}, actor="wakari")
    services.registrations.register("petra", PASSWORD, "Petra Example", "petra@example.org", address="192.0.2.7")
    services.bans.ban("olga", "Left in autumn", actor="wakari")
    for attempt in range(3):
        store.audit.add("auth.failed", "nobody", "nobody", f"192.0.2.{attempt}")
    for center in (place.id, west.id):
        kit.authorize("ada", center)
    kit.authorize("ben", place.id)
    services.sign_in.issue_token(owner, "Nightly forecast on the build server", 86400)
    _fleet(store)
    try:
        int("one")
    except ValueError as error:
        store.exceptions.take(error, service="wk-server", where="GET /ada/ocean", user="ada", request_id="5f1c")


def report_nodes(store: Store) -> None:
    """Let the nodes that are up report now."""
    place = store.data_centers.find("east")
    assert place is not None
    for name, load, memory, apps in (("east-1", (1.2, 0.8, 0.5), 9, 2), ("east-2", (0.3, 0.2, 0.2), 27, 0)):
        beat = Heartbeat(
            at=now(),
            interval=30,
            load=load,
            cores=8,
            memory_total=32 << 30,
            memory_available=memory << 30,
            apps=apps,
        )
        store.nodes.beat(name, place.id, beat)


def _fleet(store: Store) -> None:
    """A drift report that found something."""
    made = store.fleet_jobs.add("drift", None, "wakari")
    store.database.fleet_jobs.update_one({"_id": made.id}, {"$set": {"state": "running", "lease.worker": "scene"}})
    counts = {"ok": 412, "changed": 2, "unreachable": 1}
    store.fleet_jobs.finish(made.id, "scene", "failed", "Hosts could not be reached: see below.", {"counts": counts})
    document = store.database.fleet_jobs.find_one_and_delete({"_id": made.id})
    store.database.fleet_jobs.insert_one({**document, "_id": FLEET_JOB, "events": 2})
    task = "settings | Write settings"
    changed = {"status": "changed", "host": "east-1", "task": task, "message": "/opt/wakari/wakari-compute/etc/x.json"}
    store.fleet_events.add(FLEET_JOB, 1, changed)
    gone = {"status": "unreachable", "host": "west-1", "task": "Gather facts", "message": "No route to host"}
    store.fleet_events.add(FLEET_JOB, 2, gone)


def state(store: Store, project: Project, to: str, **fields: Any) -> None:
    """Put a project in a state, as its task would have."""
    store.projects._documents.update_one({"_id": project.id}, {"$set": {"state": to, **fields}})


def _run(store: Store, services: Any, kit: Kit, made: dict[str, Project]) -> None:
    caller = kit.caller(services.accounts.get(OWNER))
    for name in ("ocean", "genomes", "forecast"):
        services.lifecycle.start(caller, made[name])
    reason = "It could not be started: east-1: no space left on /projects."
    while (task := store.tasks.claim("scene", 60)) is not None:
        failed = task.project.endswith("genomes")
        line = {"at": "t", "step": "environment", "message": "Cloning default", "fraction": 0.4}
        if task.project.endswith("forecast"):
            store.projects.set_progress(task.project_id, made_task(store, task.project_id), line)
            continue
        error = {"code": "no_space", "message": reason, "hint": "Ask an administrator for room."} if failed else None
        store.transaction(lambda tx, task=task, error=error: store.tasks.finish(task, "scene", error, tx, dead=True))
        state(
            store, made[task.project.split("/")[1]], "error" if failed else "running", reason=reason if failed else None
        )
    apps = [
        AppUse(user=OWNER, app="notebook", since=now() - timedelta(hours=3), cpu=0.7, memory=900 << 20, tasks=31),
        AppUse(user="ben", app="terminal", since=now() - timedelta(minutes=20), cpu=0.01, memory=38 << 20, tasks=4),
    ]
    node = made["ocean"].nodes[0]
    store.uses.take(node, now(), {made["ocean"].id: (apps, [])})
    store.drifts.ask(made["ocean"].id, made["ocean"].path, node, now(), timedelta(0))
    found = {"at": now(), "checked": 1204, "wrong": 3, "examples": ["data/raw.nc: mode 0600, expected 0660"]}
    store.drifts.take(made["ocean"].id, node, {**found, "error": None})


def made_task(store: Store, project_id: str) -> str:
    """Return the id of the task that moves the project."""
    project = store.projects.by_id(project_id)
    assert project is not None
    assert project.task is not None
    return project.task
