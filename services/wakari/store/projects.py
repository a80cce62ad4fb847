# SPDX-License-Identifier: GPL-3.0-or-later
"""Projects. Each change of state is one conditional update; the caller puts it in a transaction with its task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wakari.store.base import Transaction, new_id, now
from wakari.store.errors import translated
from wakari.store.records import Former, Project, Role, State, TeamGroup, TeamMember
from wakari.store.repository import Repository
from wakari.store.words import words_of

ORDER = (("owner", 1), ("name", 1))


class Projects(Repository[Project]):
    """The projects."""

    kind = Project

    def get(self, owner: str, name: str, tx: Transaction = None) -> Project | None:
        """Return the project; None where there is none."""
        return self._one({"owner": owner, "name": name}, tx)

    def by_id(self, project_id: str, tx: Transaction = None) -> Project | None:
        """Return the project; None where there is none."""
        return self._one({"_id": project_id}, tx)

    def insert(
        self,
        *,
        owner: str,
        name: str,
        summary: str,
        public: bool,
        data_center: str,
        nodes: Iterable[str],
        members: Iterable[TeamMember] = (),
        groups: Iterable[TeamGroup] = (),
        tags: Sequence[str] = (),
        description: str = "",
        tx: Transaction = None,
    ) -> Project:
        """Return the new project, stopped; raise Conflict where the owner has one of this name."""
        moment = now()
        return self._insert(
            {
                "_id": new_id(),
                "owner": owner,
                "name": name,
                "paths": [f"{owner}/{name}"],
                "tags": list(tags),
                "words": words_of(owner, name, tags),
                "summary": summary,
                "description": description,
                "public": public,
                "members": [entry.model_dump() for entry in members],
                "groups": [entry.model_dump() for entry in groups],
                "data_center": data_center,
                "nodes": list(nodes),
                "state": "stopped",
                "created_at": moment,
                "updated_at": moment,
            },
            tx,
        )

    def page(
        self,
        allowed: Mapping[str, Any],
        after: tuple[str, str] | None,
        limit: int,
        equal: Mapping[str, str] | None = None,
    ) -> list[Project]:
        """Return projects in the order of owner and name that the filter of `wakari.access.query` keeps.

        `equal`: values of owner, nodes and state that they have besides.
        """
        where: dict[str, Any] = {"$and": [dict(allowed), dict(equal)]} if equal else dict(allowed)
        if after is not None:
            owner, name = after
            # The first is where an index begins; the second, on its keys, leaves out what was shown.
            later = [{"owner": {"$gte": owner}}, {"$or": [{"owner": {"$gt": owner}}, {"name": {"$gt": name}}]}]
            where = {"$and": [where, *later]}
        return self._many(where, ORDER, limit)

    def searchable(self, allowed: Mapping[str, Any], limit: int) -> list[Project]:
        """Return the projects that the filter of `wakari.access.query` keeps and a node may hold files of."""
        present = {"started_once": True, "deleting": {"$ne": True}}
        return self._many({"$and": [dict(allowed), present]}, ORDER, limit)

    def named(self, ids: Iterable[str]) -> list[Project]:
        """Return the projects of these ids; one that is gone is left out."""
        return self._many({"_id": {"$in": list(ids)}})

    def on_node(self, node: str, data_center: str) -> dict[str, str]:
        """Return the ids of the projects that live on the node, by `owner/name`."""
        where = {"nodes": node, "data_center": data_center}
        with translated():
            found = self._documents.find(where, {"owner": 1, "name": 1})
            return {f"{one['owner']}/{one['name']}": one["_id"] for one in found}

    def started_on(self, node: str, data_center: str, but: Iterable[str], limit: int) -> list[Project]:
        """Return projects that the node may hold files of, without those of these ids."""
        where = {"nodes": node, "data_center": data_center, "started_once": True, "deleting": {"$ne": True}}
        return self._many({**where, "_id": {"$nin": list(but)}}, ORDER, limit)

    def owned(self, owner: str, limit: int = 0, tx: Transaction = None) -> list[Project]:
        """Return the projects of one owner."""
        return self._many({"owner": owner}, ORDER, limit, tx)

    def joined(self, user: str, limit: int = 0, groups: Iterable[str] = (), tx: Transaction = None) -> list[Project]:
        """Return the projects of others in whose team the person is, by name or by one of these groups."""
        by_name = {"members.user": user}
        of = list(groups)
        return self._many({"$or": [by_name, {"groups.group": {"$in": of}}]} if of else by_name, ORDER, limit, tx)

    def shared_with(self, group: str, tx: Transaction = None, limit: int = 0) -> list[Project]:
        """Return the projects in whose team the group is."""
        return self._many({"groups.group": group}, ORDER, limit, tx)

    def by_state(self) -> dict[str, int]:
        """Return the number of projects in each state that has any."""
        return self._count_by("state")

    def count(self, **equal: str) -> int:
        """Return the number of projects with these values: owner, state, nodes, data_center."""
        return self._count(equal)

    def owned_counts(self, owners: Iterable[str]) -> dict[str, int]:
        """Return how many projects each of these people owns."""
        names = list(owners)
        pipeline: list[dict[str, Any]] = [
            {"$match": {"owner": {"$in": names}}},
            {"$group": {"_id": "$owner", "count": {"$sum": 1}}},
        ]
        with translated():
            found = {row["_id"]: row["count"] for row in self._documents.aggregate(pipeline)}
        return {name: found.get(name, 0) for name in names}

    def load(self, nodes: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Return for each node how many projects run (or change state) on it, and how many live on it."""
        names = list(nodes)
        active = {"$in": ["$state", ["starting", "running", "stopping"]]}
        pipeline: list[dict[str, Any]] = [
            {"$match": {"nodes": {"$in": names}}},
            {"$unwind": "$nodes"},
            {"$group": {"_id": "$nodes", "active": {"$sum": {"$cond": [active, 1, 0]}}, "all": {"$sum": 1}}},
        ]
        with translated():
            found = {row["_id"]: (row["active"], row["all"]) for row in self._documents.aggregate(pipeline)}
        return {name: found.get(name, (0, 0)) for name in names}

    def update(self, project_id: str, fields: Mapping[str, Any], tx: Transaction = None) -> Project | None:
        """Return the project after the change of these fields; None where it is gone."""
        return self._change({"_id": project_id}, {"$set": {**fields, "updated_at": now()}}, tx)

    def move(
        self,
        project_id: str,
        states: Iterable[State],
        to: State,
        task: str,
        tx: Transaction,
        *,
        deleting: bool = False,
    ) -> Project | None:
        """Return the project, now in state `to` and moved by `task`; None where it is in none of `states`."""
        where = {"_id": project_id, "state": {"$in": list(states)}, "deleting": {"$ne": True}}
        fields: dict[str, Any] = {"state": to, "task": task, "reason": None, "progress": None, "updated_at": now()}
        if deleting:
            fields["deleting"] = True
        return self._change(where, {"$set": fields}, tx)

    def move_again(self, project_id: str, to: State, task: str, tx: Transaction, *, deleting: bool) -> Project | None:
        """Return the project, moved once more by the task that left it in error; None where something came after it."""
        where = {"_id": project_id, "task": task, "state": "error", "deleting": {"$ne": True}}
        fields = {"state": to, "reason": None, "progress": None, "deleting": deleting, "updated_at": now()}
        return self._change(where, {"$set": fields}, tx)

    def hand_over(
        self,
        project: Project,
        to: str,
        members: Iterable[TeamMember],
        states: Iterable[State],
        tx: Transaction,
        *,
        former: Former | None = None,
        task: str = "",
    ) -> Project | None:
        """Return the project, now of another owner; with `former` and `task` on its way there on its nodes.

        None where it is in none of `states`, is on its way already, or had another owner meanwhile.

        Raises:
            Conflict: the new owner has a project of this name, or had one that is still on its way to somebody.
        """
        where = {
            "_id": project.id,
            "owner": project.owner,
            "state": {"$in": list(states)},
            "deleting": {"$ne": True},
            "former": None,
        }
        path = f"{to}/{project.name}"
        fields: dict[str, Any] = {
            "owner": to,
            "members": [entry.model_dump() for entry in members],
            "former": former.model_dump() if former else None,
            "paths": [path, project.path] if former else [path],
            "words": words_of(to, project.name, project.tags),
            "updated_at": now(),
        }
        if task:
            fields |= {"state": "stopping", "task": task, "reason": None, "progress": None}
        return self._change(where, {"$set": fields}, tx)

    def set_tags(self, project: Project, tags: Sequence[str]) -> Project | None:
        """Return the project with these tags; None where it is gone, or another's by now."""
        fields = {"tags": list(tags), "words": words_of(project.owner, project.name, tags), "updated_at": now()}
        return self._change({"_id": project.id, "owner": project.owner}, {"$set": fields})

    def add_stars(self, project_id: str, number: int, tx: Transaction) -> Project | None:
        """Return the project with so many stars more; None where it is gone."""
        return self._change({"_id": project_id}, {"$inc": {"stars": number}}, tx)

    def fill_words(self) -> int:
        """Give words to the projects of before there were any; return how many these are."""
        missing = self._many({"words": {"$exists": False}})
        for project in missing:
            words = words_of(project.owner, project.name, project.tags)
            self._change({"_id": project.id, "owner": project.owner}, {"$set": {"words": words}})
        return len(missing)

    def arrived(self, project: Project) -> None:
        """Note that all nodes have the project where its owner has it."""
        where = {"_id": project.id, "owner": project.owner, "former.owner": {"$exists": True}}
        self._change(where, {"$set": {"former": None, "paths": [project.path]}})

    def place(self, project_id: str, nodes: Iterable[str], tx: Transaction, *, task: str = "") -> Project | None:
        """Return the project, which lives on these nodes from now on.

        None where another task moves it by now; without a task, where a node may hold files of it.
        """
        never = {"state": "stopped", "started_once": {"$ne": True}, "deleting": {"$ne": True}}
        where = {"_id": project_id, **({"task": task} if task else never)}
        return self._change(where, {"$set": {"nodes": list(nodes), "updated_at": now()}}, tx)

    def settle(self, project_id: str, task: str, to: State, reason: str | None, tx: Transaction) -> Project | None:
        """Return the project after its task ended; None where another task moves it by now, which then has the word."""
        fields = {"state": to, "reason": reason, "progress": None, "deleting": False, "updated_at": now()}
        return self._change({"_id": project_id, "task": task}, {"$set": fields}, tx)

    def fail(self, project_id: str, reason: str, tx: Transaction) -> Project | None:
        """Put a project that is at rest or running in error; None where a task moves it."""
        where = {"_id": project_id, "state": {"$in": ["running", "stopped", "error"]}}
        return self._change(where, {"$set": {"state": "error", "reason": reason, "updated_at": now()}}, tx)

    def mark_started(self, project_id: str) -> None:
        """Note that a node may hold files of the project from now on."""
        self._change({"_id": project_id}, {"$set": {"started_once": True}})

    def set_progress(self, project_id: str, task: str, progress: Mapping[str, Any]) -> None:
        """Show the last step of the task that moves the project."""
        self._change({"_id": project_id, "task": task}, {"$set": {"progress": dict(progress)}})

    def set_member(self, project_id: str, user: str, role: Role, tx: Transaction) -> Project | None:
        """Return the project after the person got the role; None where it is gone. Keeps the order of the team."""
        changed = self._change(
            {"_id": project_id, "members.user": user},
            {"$set": {"members.$.role": role, "updated_at": now()}},
            tx,
        )
        if changed is not None:
            return changed
        entry = {"user": user, "role": role}
        where = {"_id": project_id, "members.user": {"$ne": user}}
        return self._change(where, {"$push": {"members": entry}, "$set": {"updated_at": now()}}, tx)

    def set_team(
        self,
        project_id: str,
        members: Iterable[TeamMember] | None,
        groups: Iterable[TeamGroup] | None,
        tx: Transaction,
    ) -> Project | None:
        """Return the project with this team, None: as it is; None where the project is gone."""
        fields: dict[str, Any] = {"updated_at": now()}
        if members is not None:
            fields["members"] = [entry.model_dump() for entry in members]
        if groups is not None:
            fields["groups"] = [entry.model_dump() for entry in groups]
        return self._change({"_id": project_id}, {"$set": fields}, tx)

    def remove_member(self, project_id: str, user: str, tx: Transaction) -> Project | None:
        """Return the project after the person left; None where it is gone."""
        update = {"$pull": {"members": {"user": user}}, "$set": {"updated_at": now()}}
        return self._change({"_id": project_id}, update, tx)

    def remove(self, project_id: str, task: str, tx: Transaction) -> Project | None:
        """Remove the record at the end of the task that deletes it; None where another task moves it."""
        return self._delete({"_id": project_id, "task": task, "deleting": True}, tx)
