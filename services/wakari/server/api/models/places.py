# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies and answers about data centers and compute nodes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from wakari.server.api.models.base import In, Out
from wakari.store.records import DataCenter, Node


class NewDataCenter(In):
    """A gateway to register."""

    name: str = Field(max_length=64)
    url: str = Field(max_length=255)
    summary: str = Field(default="", max_length=200)


class DataCenterChange(In):
    """What shall change in a data center. `rotate_secret` makes a new client secret, told once in the answer."""

    name: str | None = Field(default=None, max_length=64)
    url: str | None = Field(default=None, max_length=255)
    summary: str | None = Field(default=None, max_length=200)
    rotate_secret: bool = False


class HealthOut(Out):
    """What the gateway said when it was last asked."""

    status: str
    messages: list[str]
    checked_at: datetime | None


class DataCenterOut(Out):
    """A data center."""

    id: str
    name: str
    url: str
    summary: str
    client_id: str
    health: HealthOut

    @classmethod
    def of(cls, found: DataCenter) -> DataCenterOut:
        """Return the data center as the API shows it."""
        return cls.model_validate(_shown(found))


class DataCenterSecret(DataCenterOut):
    """A data center with its client secret: in the answer that made the secret, null in any other."""

    client_secret: str | None = None

    @classmethod
    def told(cls, found: DataCenter, secret: str | None) -> DataCenterSecret:
        """Return the data center with the secret that was just made."""
        return cls.model_validate({**_shown(found), "client_secret": secret})


class NewNode(In):
    """A compute node to register."""

    name: str = Field(max_length=64)
    data_center: str = Field(max_length=64, description="Id or name.")
    url: str = Field(max_length=255)
    description: str = Field(default="", max_length=200)


class NodeChange(In):
    """What shall change in a compute node; keys that are left out stay."""

    url: str | None = Field(default=None, max_length=255)
    description: str | None = Field(default=None, max_length=200)
    drained: bool | None = Field(default=None, description="A drained node gets no new projects.")


class NodeOut(Out):
    """A compute node. `state`: unknown, up, degraded or down; `drained`: gets no new projects."""

    name: str
    data_center: str
    url: str
    description: str
    state: str
    drained: bool

    @classmethod
    def of(cls, node: Node) -> NodeOut:
        """Return the node as the API shows it."""
        return cls.model_validate(node.model_dump())


def _shown(found: DataCenter) -> dict[str, Any]:
    shown = found.model_dump(exclude={"sealed_secret"})
    shown["client_id"] = found.client_id
    shown["health"]["messages"] = list(found.health.messages)
    return shown
