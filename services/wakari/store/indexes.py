# SPDX-License-Identifier: GPL-3.0-or-later
"""All indexes, in one place. Uniqueness is an index, never a read before a write."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.database import Database

READ_EXCEPTIONS = 90 * 86400  # seconds an unexpected error is kept after it came last
FORGOTTEN_WORKERS = 3600  # seconds after which a worker that was killed is forgotten
FLEET_JOBS = 90 * 86400  # seconds a job over all machines is kept after its end, with what it did
UNDECIDED_REGISTRATIONS = 30 * 86400  # seconds a registration waits for an administrator
FINISHED_TASKS = 30 * 86400  # seconds a finished task is kept

INDEXES: Mapping[str, tuple[IndexModel, ...]] = MappingProxyType(
    {
        "users": (
            IndexModel([("uid", ASCENDING)], name="uid", unique=True),
            IndexModel("roles", name="roles"),
            IndexModel("groups", name="groups"),
            IndexModel([("created_at", DESCENDING)], name="created_at"),
            # One account for one person of a directory.
            IndexModel(
                [("source", ASCENDING), ("subject", ASCENDING)],
                name="subject",
                unique=True,
                partialFilterExpression={"subject": {"$gt": ""}},
            ),
        ),
        "groups": (),
        "site": (),
        "projects": (
            IndexModel([("owner", ASCENDING), ("name", ASCENDING)], name="owner_name", unique=True),
            # Where nodes have a project or had it until now: nobody makes another one there meanwhile.
            IndexModel("paths", name="paths", unique=True, partialFilterExpression={"paths": {"$exists": True}}),
            IndexModel([("members.user", ASCENDING), ("owner", ASCENDING), ("name", ASCENDING)], name="member"),
            IndexModel([("groups.group", ASCENDING), ("owner", ASCENDING), ("name", ASCENDING)], name="group"),
            IndexModel([("public", ASCENDING), ("owner", ASCENDING), ("name", ASCENDING)], name="public"),
            IndexModel(
                [("words", ASCENDING), ("owner", ASCENDING), ("name", ASCENDING)],
                name="public_words",
                partialFilterExpression={"public": True},
            ),
            IndexModel([("nodes", ASCENDING), ("state", ASCENDING)], name="node_state"),
            IndexModel([("data_center", ASCENDING)], name="data_center"),
        ),
        "stars": (
            IndexModel([("user", ASCENDING), ("at", DESCENDING)], name="user"),
            IndexModel("project_id", name="project"),
        ),
        "data_centers": (
            IndexModel("name", name="name", unique=True),
            IndexModel("url", name="url", unique=True),
        ),
        "nodes": (IndexModel("data_center", name="data_center"), IndexModel("url", name="url", unique=True)),
        "tasks": (
            IndexModel([("state", ASCENDING), ("priority", ASCENDING), ("run_after", ASCENDING)], name="queue"),
            IndexModel([("project_id", ASCENDING), ("created_at", DESCENDING)], name="project"),
            IndexModel([("requested_by", ASCENDING), ("created_at", DESCENDING)], name="requested_by"),
            IndexModel([("created_at", DESCENDING)], name="created_at"),
            # Present only while a task runs: two tasks of one project never run side by side.
            IndexModel(
                "running_project",
                name="running_project",
                unique=True,
                partialFilterExpression={"running_project": {"$type": "string"}},
            ),
            # Present only while a task waits: one waiting task a project and verb, later requests fold into it.
            IndexModel(
                [("waiting_project", ASCENDING), ("verb", ASCENDING)],
                name="waiting_project",
                unique=True,
                partialFilterExpression={"waiting_project": {"$type": "string"}},
            ),
            IndexModel("finished_at", name="finished_ttl", expireAfterSeconds=FINISHED_TASKS),
        ),
        "sessions": (
            IndexModel("digest", name="digest", unique=True),
            IndexModel("user", name="user"),
            IndexModel("expires_at", name="ttl", expireAfterSeconds=0),
        ),
        "authorizations": (
            IndexModel([("user", ASCENDING), ("used_at", DESCENDING)], name="user"),
            IndexModel("session", name="session"),
            IndexModel("code", name="code", sparse=True),
            IndexModel("expires_at", name="ttl", expireAfterSeconds=0),
        ),
        "tokens": (
            IndexModel("digest", name="digest", unique=True),
            IndexModel("user", name="user"),
            IndexModel("sid", name="sid", sparse=True),
            IndexModel("code", name="code", sparse=True),
            IndexModel("expires_at", name="ttl", expireAfterSeconds=0),
            IndexModel([("created_at", DESCENDING)], name="created_at"),
        ),
        "saved_searches": (IndexModel([("user", ASCENDING), ("name", ASCENDING)], name="user_name", unique=True),),
        "codes": (IndexModel("sid", name="sid"), IndexModel("expires_at", name="ttl", expireAfterSeconds=300)),
        "resets": (
            IndexModel("digest", name="digest", unique=True),
            IndexModel("user", name="user"),
            IndexModel("expires_at", name="ttl", expireAfterSeconds=0),
        ),
        "mails": (
            IndexModel([("state", ASCENDING), ("run_after", ASCENDING)], name="queue"),
            IndexModel([("created_at", DESCENDING)], name="created_at"),
            IndexModel("finished_at", name="finished_ttl", expireAfterSeconds=FINISHED_TASKS),
        ),
        "registrations": (IndexModel("created_at", name="ttl", expireAfterSeconds=UNDECIDED_REGISTRATIONS),),
        "project_use": (
            IndexModel("project_id", name="project"),
            IndexModel("node", name="node"),
            IndexModel(
                [("project_id", ASCENDING), ("node", ASCENDING)],
                name="busy",
                partialFilterExpression={"apps.0": {"$exists": True}},
            ),
        ),
        "exceptions": (
            IndexModel("at", name="ttl", expireAfterSeconds=READ_EXCEPTIONS),
            IndexModel("read", name="unread", partialFilterExpression={"read": False}),
        ),
        "drift": (
            IndexModel("project_id", name="project"),
            IndexModel("node", name="node"),
            IndexModel([("wrong", DESCENDING)], name="wrong"),
        ),
        "throttles": (IndexModel("expires_at", name="ttl", expireAfterSeconds=0),),
        "audit": (
            IndexModel([("at", DESCENDING)], name="at"),
            IndexModel([("actor", ASCENDING), ("at", DESCENDING)], name="actor"),
            IndexModel([("subject", ASCENDING), ("at", DESCENDING)], name="subject"),
            # The place in the chain; entries of before the chain have none.
            IndexModel("seq", name="seq", unique=True, partialFilterExpression={"seq": {"$type": "number"}}),
        ),
        "workers": (IndexModel("at", name="ttl", expireAfterSeconds=FORGOTTEN_WORKERS),),
        "fleet_jobs": (
            IndexModel([("created_at", DESCENDING)], name="created_at"),
            # Present only while a job waits or runs: there is one at a time.
            IndexModel("busy", name="busy", unique=True, partialFilterExpression={"busy": True}),
            IndexModel("finished_at", name="ttl", expireAfterSeconds=FLEET_JOBS),
        ),
        "fleet_events": (
            IndexModel([("job", ASCENDING), ("seq", ASCENDING)], name="job", unique=True),
            IndexModel("at", name="ttl", expireAfterSeconds=FLEET_JOBS),
        ),
        "counters": (),
    }
)


def create(database: Database[dict[str, Any]]) -> list[str]:
    """Create the collections and indexes that are missing; return their names, empty where all was there."""
    created: list[str] = []
    present = set(database.list_collection_names())
    for name, models in INDEXES.items():
        if name not in present:
            created.append(name)
            if not models:
                # With indexes the collection comes by itself. None is left to be made inside of a transaction.
                database.create_collection(name)
        known = set(database[name].index_information()) if name in present else set()
        missing = [model for model in models if model.document["name"] not in known]
        if missing:
            created += [f"{name}.{index}" for index in database[name].create_indexes(missing)]
    return created
