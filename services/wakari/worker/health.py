# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks each gateway how it and its nodes are, and stores the answer."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wakari.core import logs
from wakari.core.errors import AppError
from wakari.core.http import Client
from wakari.core.settings import SettingsError
from wakari.store import Store
from wakari.store.records import DataCenter
from wakari.worker.jobs import Jobs

log = logging.getLogger(__name__)
STATUS = "/_wakari/v1/status"
TIMEOUT = 12.0  # seconds; a gateway asks all of its nodes before it answers
MAX_MESSAGES = 50
MAX_MESSAGE = 300
UP = "up"


@dataclass(frozen=True)
class HealthCheck:
    """Looks after all data centers. `interval` is in seconds."""

    store: Store
    jobs: Jobs
    interval: float

    def due(self) -> list[DataCenter]:
        """Return the data centers this worker shall ask now; of several workers one gets each."""
        return [
            found
            for found in self.store.data_centers.all()
            if self.store.data_centers.claim_check(found.id, self.interval)
        ]

    def check(self, data_center: DataCenter) -> str:
        """Ask one gateway, store what it said and return the status: ok, degraded or down."""
        logs.take_request_id(None)
        names = [node.name for node in self.store.nodes.of(data_center.id)]
        try:
            answer = Client().call(self.jobs.peer(data_center), "GET", STATUS, timeout=TIMEOUT)
        except (AppError, SettingsError) as error:
            status, messages, nodes = "down", [str(error)], dict.fromkeys(names, "unknown")
        else:
            status = "ok" if answer.get("status") == "ok" else "degraded"
            raw = answer.get("messages")
            messages = [str(text)[:MAX_MESSAGE] for text in raw[:MAX_MESSAGES]] if isinstance(raw, list) else []
            nodes = states(names, messages, answer.get("nodes"))
        if status != data_center.health.status:
            log.warning("health of a data center changed", extra={"data_center": data_center.name, "status": status})
        self.store.data_centers.set_health(data_center.id, status, messages)
        self.store.nodes.set_states(data_center.id, nodes)
        return status


def states(names: Iterable[str], messages: Sequence[str], told: object) -> dict[str, str]:
    """Return the state of each node: as the gateway tells it, or by the messages, which begin with a node's name."""
    found = {name: "degraded" if any(text.startswith(f"{name}: ") for text in messages) else UP for name in names}
    if isinstance(told, dict):
        known = {"ok": UP, "degraded": "degraded", "down": "down"}
        found.update(
            {name: known[told[name]] for name in found if isinstance(told.get(name), str) and told[name] in known}
        )
    return found
