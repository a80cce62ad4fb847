# SPDX-License-Identifier: GPL-3.0-or-later
"""The compute nodes of this data center, from `nodes.d/<name>.json`, read again when the folder changes."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationError

from wakari.core.errors import UnavailableError
from wakari.core.http import Peer
from wakari.core.messages import Message, NodeName, first_problem
from wakari.gateway.settings import BaseUrl

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds


class Node(Message):
    """One compute node: name, URL of its data plane, shared key, name in its certificate."""

    name: NodeName
    url: BaseUrl
    key: str = Field(min_length=43, repr=False)
    # The DNS name in the node's certificate; needed where the URL has an address, for NGINX compares names alone.
    tls_name: str | None = Field(default=None, min_length=1, max_length=253, pattern=r"^[A-Za-z0-9._-]+$")

    @property
    def expected_name(self) -> str | None:
        """Return the name that the node's certificate must bear; None where it speaks plain HTTP."""
        parts = urlsplit(self.url)
        return (self.tls_name or parts.hostname) if parts.scheme == "https" else None

    def peer(self, identity: str) -> Peer:
        """Return the node as the gateway of this identity calls it."""
        return Peer(
            f"The compute node {self.name}", self.url, self.key, identity, f"node:{self.name}", self.expected_name
        )

    def address(self) -> tuple[str, int]:
        """Return IP address and port; NGINX's balancer takes no host names.

        Raises:
            UnavailableError: the host name has no address.
        """
        parts = urlsplit(self.url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        try:
            found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise UnavailableError(
                "node_unknown_host",
                f"The compute node {self.name} has no address: {parts.hostname} is not known here.",
                hint="Tell an administrator: the name must resolve on the gateway.",
            ) from error
        found.sort(key=lambda entry: entry[0] != socket.AF_INET)
        return str(found[0][4][0]), port


class Nodes:
    """The nodes by name. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._seen: object = None
        self._nodes: dict[str, Node] = {}

    def all(self) -> dict[str, Node]:
        """Return the nodes by name, as the folder has them now (one second old at most)."""
        with self._lock:
            if time.monotonic() - self._looked >= LOOK_EVERY:
                self._look()
                self._looked = time.monotonic()
            return self._nodes

    def get(self, name: str) -> Node | None:
        """Return the node of this name; None where there is none."""
        return self.all().get(name)

    def _look(self) -> None:
        files = sorted(self._folder.glob("*.json"))
        seen = []
        for path in files:
            try:
                facts = path.stat()
            except OSError:
                continue  # removed since: the next look sees it
            seen.append((path.name, facts.st_mtime_ns, facts.st_size, facts.st_ino))
        if seen == self._seen:
            return
        self._nodes = {node.name: node for node in map(_read, files) if node is not None}
        self._seen = seen
        log.info("compute nodes read", extra={"nodes": ", ".join(self._nodes) or "none"})


def _read(path: Path) -> Node | None:
    """Return the node in a file; None, with a line in the log, where it holds none: one bad file stops no other."""
    try:
        node = Node.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        _refuse(path, first_problem(error))
    except (OSError, ValueError) as error:
        _refuse(path, f"it cannot be read as JSON ({type(error).__name__})")
    else:
        if node.name == path.stem:
            return node
        _refuse(path, f"it names another node, {node.name}")
    return None


def _refuse(path: Path, why: str) -> None:
    log.error("node file refused", extra={"file": str(path), "why": why})
