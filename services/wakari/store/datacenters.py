# SPDX-License-Identifier: GPL-3.0-or-later
"""Data centers and their compute nodes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from wakari.store.base import Transaction, new_id, now
from wakari.store.records import DataCenter, Heartbeat, Node
from wakari.store.repository import Repository


class DataCenters(Repository[DataCenter]):
    """The data centers."""

    kind = DataCenter

    def get(self, data_center_id: str) -> DataCenter | None:
        """Return the data center; None where there is none."""
        return self._one({"_id": data_center_id})

    def find(self, id_or_name: str) -> DataCenter | None:
        """Return the data center with this id, or else this name; None where there is none."""
        return self.get(id_or_name) or self._one({"name": id_or_name})

    def page(self, after: str, limit: int) -> list[DataCenter]:
        """Return data centers in the order of their names, those behind `after`."""
        return self._many({"name": {"$gt": after}}, (("name", 1),), limit)

    def all(self) -> list[DataCenter]:
        """Return every data center, in the order of their names."""
        return self._many({}, (("name", 1),))

    def add(self, *, name: str, url: str, summary: str, sealed_secret: str) -> DataCenter:
        """Return the new data center; raise Conflict where name or URL is taken."""
        return self._insert(
            {
                "_id": new_id(),
                "name": name,
                "url": url,
                "summary": summary,
                "sealed_secret": sealed_secret,
                "created_at": now(),
            }
        )

    def update(self, data_center_id: str, fields: Mapping[str, Any]) -> DataCenter | None:
        """Return the data center after the change; None where there is none. Raises Conflict as `add`."""
        return self._change({"_id": data_center_id}, {"$set": dict(fields)})

    def reseal(self, data_center_id: str, sealed_secret: str, tx: Transaction) -> DataCenter | None:
        """Return the data center with its secret sealed anew; None where there is none."""
        return self._change({"_id": data_center_id}, {"$set": {"sealed_secret": sealed_secret}}, tx)

    def remove(self, data_center_id: str, tx: Transaction) -> DataCenter | None:
        """Return the data center that was removed; None where there was none."""
        return self._delete({"_id": data_center_id}, tx)

    def claim_check(self, data_center_id: str, interval: float) -> bool:
        """Return True for the one worker that shall look after this gateway's health in this interval (seconds)."""
        moment = now()
        due = {"_id": data_center_id, "next_check": {"$not": {"$gt": moment}}}
        return self._change(due, {"$set": {"next_check": moment + timedelta(seconds=interval)}}) is not None

    def set_health(self, data_center_id: str, status: str, messages: list[str]) -> None:
        """Store what the gateway said."""
        health = {"status": status, "messages": messages, "checked_at": now()}
        self._change({"_id": data_center_id}, {"$set": {"health": health}})


class Nodes(Repository[Node]):
    """The compute nodes."""

    kind = Node

    def get(self, name: str) -> Node | None:
        """Return the node; None where there is none."""
        return self._one({"_id": name})

    def of(self, data_center_id: str) -> list[Node]:
        """Return the nodes of one data center."""
        return self._many({"data_center": data_center_id})

    def page(self, after: str, limit: int, filters: Mapping[str, str] | None = None) -> list[Node]:
        """Return nodes in the order of their names, those behind `after`; of a data center or state where given."""
        return self._many({"_id": {"$gt": after}, **(filters or {})}, limit=limit)

    def add(self, *, name: str, data_center: str, url: str, description: str) -> Node:
        """Return the new node; raise Conflict where name or URL is taken."""
        return self._insert(
            {"_id": name, "data_center": data_center, "url": url, "description": description, "created_at": now()}
        )

    def update(self, name: str, fields: Mapping[str, Any]) -> Node | None:
        """Return the node after the change; None where there is none. Raises Conflict as `add`."""
        return self._change({"_id": name}, {"$set": dict(fields)})

    def set_states(self, data_center_id: str, states: Mapping[str, str]) -> None:
        """Store the state of nodes of a data center."""
        for name, state in states.items():
            self._change({"_id": name, "data_center": data_center_id}, {"$set": {"state": state}})

    def beat(self, name: str, data_center_id: str, heartbeat: Heartbeat) -> Node | None:
        """Return the node after it reported; None where this data center has no such node."""
        where = {"_id": name, "data_center": data_center_id}
        return self._change(where, {"$set": {"heartbeat": heartbeat.model_dump()}})

    def remove(self, name: str) -> Node | None:
        """Return the node that was removed; None where there was none."""
        return self._delete({"_id": name})
