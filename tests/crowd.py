# SPDX-License-Identifier: GPL-3.0-or-later
"""Fills a database with many people and projects, written as the platform writes them, in bulk."""

from __future__ import annotations

from typing import Any

from wakari.store import Store
from wakari.store.base import new_id, now
from wakari.store.words import words_of

BATCH = 5000
PUBLIC = 10  # each how many-th project is public
TEAM = 3  # people in the team of each
TOPICS = ("ocean", "climate", "genome", "demand", "traffic", "energy", "soil")


def fill(store: Store, people: int, projects: int, data_center: str, node: str) -> None:
    """Add people `p0`, `p1`, ... and their projects, the teams drawn from the neighbours by number."""
    moment = now()
    users = [
        {"_id": f"p{number}", "uid": 100_000 + number, "roles": [], "groups": [], "created_at": moment}
        for number in range(people)
    ]
    _insert(store, "users", users)
    _insert(store, "projects", [_project(number, people, data_center, node) for number in range(projects)])


def _project(number: int, people: int, data_center: str, node: str) -> dict[str, Any]:
    owner, name = f"p{number % people}", f"{TOPICS[number % len(TOPICS)]}-study-{number}"
    tags = [TOPICS[number % 3]]
    team = [{"user": f"p{(number + step) % people}", "role": "member"} for step in range(1, TEAM + 1)]
    moment = now()
    return {
        "_id": new_id(),
        "owner": owner,
        "name": name,
        "paths": [f"{owner}/{name}"],
        "tags": tags,
        "words": words_of(owner, name, tags),
        "summary": "One of many",
        "public": number % PUBLIC == 0,
        "members": team,
        "groups": [],
        "data_center": data_center,
        "nodes": [node],
        "state": "stopped",
        "created_at": moment,
        "updated_at": moment,
    }


def _insert(store: Store, collection: str, documents: list[dict[str, Any]]) -> None:
    for start in range(0, len(documents), BATCH):
        store.database[collection].insert_many(documents[start : start + BATCH], ordered=False)
