# SPDX-License-Identifier: GPL-3.0-or-later
"""What nodes reported: the apps of each project on each node, and how far its files were from the rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field
from pymongo import UpdateMany, UpdateOne

from wakari.store.base import Document, Record, Transaction
from wakari.store.errors import translated
from wakari.store.repository import Repository


class AppUse(Record):
    """An app that ran at the node's last report. `cpu` in cores, memory in bytes, `idle` in seconds."""

    user: str
    app: str
    since: datetime
    cpu: float | None = None
    memory: int | None = None
    memory_peak: int | None = None
    tasks: int | None = None
    idle: float = 0.0
    stops_at: datetime | None = None
    warned: bool = False


class AppStopped(Record):
    """An app that the node stopped by itself."""

    user: str
    app: str
    at: datetime
    reason: str


class ProjectUse(Record):
    """A project on one node. `heartbeat`: when an app of it was last seen there."""

    id: str = Field(alias="_id")
    project_id: str
    node: str
    heartbeat: datetime | None = None
    apps: tuple[AppUse, ...] = ()
    stopped: tuple[AppStopped, ...] = ()


class Drift(Record):
    """The last check of a project's permissions on one node. `at` None: it was asked for and not answered yet."""

    id: str = Field(alias="_id")
    project_id: str
    project: str
    node: str
    asked_at: datetime
    at: datetime | None = None
    checked: int = 0
    wrong: int = 0
    examples: tuple[str, ...] = ()
    error: str | None = None


class ProjectUses(Repository[ProjectUse]):
    """The use of projects by node."""

    kind = ProjectUse

    def of_project(self, project_id: str) -> list[ProjectUse]:
        """Return what is known of the project, a record a node."""
        return self._many({"project_id": project_id})

    def running(self, limit: int) -> list[ProjectUse]:
        """Return the projects with running apps, by node."""
        return self._many({"apps.0": {"$exists": True}}, (("project_id", 1), ("node", 1)), limit)

    def take(self, node: str, at: datetime, told: Mapping[str, tuple[Sequence[AppUse], Sequence[AppStopped]]]) -> None:
        """Store what a node reported, by project id; what it does not speak of any more does not run there."""
        changes: list[UpdateOne | UpdateMany] = []
        for project_id, (apps, stopped) in told.items():
            fields: Document = {
                "project_id": project_id,
                "node": node,
                "apps": [one.model_dump() for one in apps],
                "stopped": [one.model_dump() for one in stopped],
            }
            if apps:
                fields["heartbeat"] = at
            changes.append(UpdateOne({"_id": f"{project_id}/{node}"}, {"$set": fields}, upsert=True))
        speaks = [{"apps.0": {"$exists": True}}, {"stopped.0": {"$exists": True}}]
        rest = {"node": node, "project_id": {"$nin": list(told)}, "$or": speaks}
        changes.append(UpdateMany(rest, {"$set": {"apps": [], "stopped": []}}))
        with translated():
            self._documents.bulk_write(changes, ordered=False)

    def ended(self, project_id: str, node: str, stopped: AppStopped) -> None:
        """Note that an app ended, before the node's next report says so."""
        which = {"user": stopped.user, "app": stopped.app}
        with translated():
            # Two updates: MongoDB takes no $pull and $push of the same list at once.
            self._documents.update_one({"_id": f"{project_id}/{node}"}, {"$pull": {"apps": which, "stopped": which}})
            self._documents.update_one({"_id": f"{project_id}/{node}"}, {"$push": {"stopped": stopped.model_dump()}})

    def forget(self, project_id: str, tx: Transaction) -> None:
        """Drop what is known of a project that is removed."""
        with translated(tx):
            self._documents.delete_many({"project_id": project_id}, session=tx)


class Drifts(Repository[Drift]):
    """The checks of permissions, one a project and node."""

    kind = Drift

    def of_project(self, project_id: str) -> list[Drift]:
        """Return the checks of the project."""
        return self._many({"project_id": project_id})

    def worst(self, limit: int, filters: Mapping[str, str] | None = None) -> list[Drift]:
        """Return the checks that found something wrong or failed, the worst first; those of one node where given."""
        where = {"$or": [{"wrong": {"$gt": 0}}, {"error": {"$ne": None}}], **(filters or {})}
        return self._many(where, (("wrong", -1), ("_id", 1)), limit)

    def summary(self) -> tuple[int, int]:
        """Return how many projects were checked, and how many of them had something wrong."""
        return self._count({"at": {"$ne": None}}), self._count({"wrong": {"$gt": 0}})

    def settled(self, node: str, checked_after: datetime, asked_after: datetime) -> list[str]:
        """Return the ids of the projects that the node checked, or was asked to check, after these moments."""
        where = {"node": node, "$or": [{"at": {"$gt": checked_after}}, {"asked_at": {"$gt": asked_after}}]}
        with translated():
            return [one["project_id"] for one in self._documents.find(where, {"project_id": 1})]

    def ask(self, project_id: str, project: str, node: str, at: datetime, patience: timedelta) -> bool:
        """Return true for the one who shall ask the node now: nobody did within `patience`."""
        where = {"_id": f"{project_id}/{node}", "asked_at": {"$lt": at - patience}}
        fields: dict[str, Any] = {"project_id": project_id, "project": project, "node": node, "asked_at": at}
        with translated():
            if self._documents.update_one(where, {"$set": fields}).matched_count:
                return True
            made = self._documents.update_one({"_id": where["_id"]}, {"$setOnInsert": fields}, upsert=True)
            return made.upserted_id is not None

    def take(self, project_id: str, node: str, fields: Mapping[str, Any]) -> None:
        """Store what a check found."""
        self._change({"_id": f"{project_id}/{node}"}, {"$set": {**fields}})

    def forget(self, project_id: str, tx: Transaction) -> None:
        """Drop the checks of a project that is removed."""
        with translated(tx):
            self._documents.delete_many({"project_id": project_id}, session=tx)
