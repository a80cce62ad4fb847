# SPDX-License-Identifier: GPL-3.0-or-later
"""What server, gateway and node say to each other about a search (docs/protocols.md, "Search")."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from wakari.core.messages import Message, NodeName, Uid, UserName

MOST = 1000  # files that can be paged through; who gets more makes the query narrower
MAX_QUERY = 1000  # characters
SECONDS = 8.0  # a node answers with what it has found by then
GATEWAY_SECONDS = 12.0  # a gateway waits this long for a node
SERVER_SECONDS = 15.0  # the server waits this long for a gateway

Path = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,30}/[A-Za-z][A-Za-z0-9_-]{0,62}$")]


class NodeQuery(Message):
    """A query for one node. The server decides who may search where; a node answers of these projects alone.

    `team`: projects that the person reads by the team; `visited`: public ones, read as everybody outside the team does.
    `acl`: for each name behind `acl:`, the projects of these which that person may read. The first `most` files.
    """

    query: str = Field(min_length=1, max_length=MAX_QUERY)
    uid: Uid
    team: tuple[Path, ...] = ()
    visited: tuple[Path, ...] = ()
    acl: dict[str, tuple[Path, ...]] = Field(default_factory=dict, max_length=50)
    most: int = Field(default=50, ge=1, le=MOST, strict=True)


class Search(Message):
    """What the server asks a gateway: a query for each of its nodes."""

    requested_by: UserName
    nodes: dict[NodeName, NodeQuery] = Field(max_length=1000)


class Told(BaseModel):
    """Base of answers: a newer node may say more than a server knows."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Hit(Told):
    """A place in a file. `line` counts from 1, in a notebook within `cell`; `spans`: what is to be marked of `text`."""

    line: int = Field(ge=1)
    cell: int | None = Field(default=None, ge=1)
    text: str = Field(max_length=400)
    spans: tuple[tuple[int, int], ...] = Field(default=(), max_length=50)


class FoundFile(Told):
    """A file that matches; `rank`: smaller is better; `modified` in seconds since the epoch."""

    project: Path
    path: str = Field(max_length=8192)
    kind: Literal["python", "notebook", "text", "markdown"]
    rank: float
    modified: float
    note: str = Field(default="", max_length=300)
    hits: tuple[Hit, ...] = Field(default=(), max_length=10)


class NodeAnswer(Told):
    """What a node found: the best files, how many there are in each project, and what the answer lacks."""

    files: tuple[FoundFile, ...] = Field(default=(), max_length=MOST)
    counts: dict[Path, int] = Field(default_factory=dict)
    incomplete: str = Field(default="", max_length=300)
    looked: float | None = None  # when the last look at the node's files ended, seconds since the epoch
