# SPDX-License-Identifier: GPL-3.0-or-later
"""Data centers and nodes: registered by an administrator, matched exactly ever after (security rule 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from wakari.core import names, tokens
from wakari.core.errors import AppError, BadInputError
from wakari.core.http import Peer
from wakari.projects.create import check_summary
from wakari.store import Conflict, Store
from wakari.store.base import Transaction
from wakari.store.records import DataCenter, Node
from wakari.store.sealed import Sealer

MAX_PORT = 65535


@dataclass(frozen=True)
class Sites:
    """The registry. Who may change it is decided by the caller (wakari.access)."""

    store: Store
    sealer: Sealer

    def secret(self, data_center: DataCenter) -> str:
        """Return the key the server shares with the gateway."""
        return self.sealer.open(data_center.sealed_secret)

    def peer(self, data_center: DataCenter) -> Peer:
        """Return the gateway as this server calls it; raise SettingsError where its secret cannot be read."""
        return Peer(
            name=f"The gateway of {data_center.name}",
            url=data_center.url,
            key=self.secret(data_center),
            issuer="server",
            audience=f"gateway:{data_center.client_id}",
        )

    def register(
        self, name: object, url: str, summary: str, *, actor: str, address: str = ""
    ) -> tuple[DataCenter, str]:
        """Return the new data center and its client secret.

        Raises:
            BadInputError: a field breaks a rule.
            AppError: `data_center_exists` (409) where name or URL is taken.
        """
        secret = tokens.new_key()
        try:
            made = self.store.data_centers.add(
                name=names.node_name(name),
                url=check_url(url),
                summary=check_summary(summary),
                sealed_secret=self.sealer.seal(secret),
            )
        except Conflict:
            raise _taken() from None
        self.store.audit.add("data-center.create", actor, made.name, address, url=made.url)
        return made, secret

    def change(
        self,
        data_center: DataCenter,
        *,
        name: str | None,
        url: str | None,
        summary: str | None,
        rotate_secret: bool,
        actor: str,
        address: str = "",
    ) -> tuple[DataCenter, str | None]:
        """Return the data center after the change, and its new secret where one was made. Raises as `register`."""
        fields: dict[str, Any] = {}
        if name is not None:
            fields["name"] = names.node_name(name)
        if url is not None:
            fields["url"] = check_url(url)
        if summary is not None:
            fields["summary"] = check_summary(summary)
        secret = tokens.new_key() if rotate_secret else None
        if not fields and secret is None:
            return data_center, None
        try:
            sealed = {"sealed_secret": self.sealer.seal(secret)} if secret else {}
            changed = self.store.data_centers.update(data_center.id, {**fields, **sealed})
        except Conflict:
            raise _taken() from None
        if changed is None:
            raise data_center_unknown()
        self.store.audit.add("data-center.update", actor, changed.name, address, rotated=rotate_secret, **fields)
        return changed, secret

    def remove(self, data_center: DataCenter, *, actor: str, address: str = "") -> None:
        """Forget a data center without nodes and projects; raise AppError `data_center_in_use` (409) otherwise."""

        def remove(tx: Transaction) -> DataCenter | None:
            if self.store.nodes.of(data_center.id) or self.store.projects.count(data_center=data_center.id):
                raise AppError(
                    "data_center_in_use",
                    "The data center still has nodes or projects.",
                    hint="Delete its projects, then remove its nodes.",
                    status=409,
                )
            self.store.authorizations.end_with_data_center(data_center.id, tx)
            return self.store.data_centers.remove(data_center.id, tx)

        if self.store.transaction(remove) is None:
            raise data_center_unknown()
        self.store.audit.add("data-center.remove", actor, data_center.name, address)

    def add_node(
        self, name: object, data_center: str, url: str, description: str, *, actor: str, address: str = ""
    ) -> Node:
        """Return the new node; `data_center` is an id or a name.

        Raises:
            BadInputError: a field breaks a rule, or there is no such data center.
            AppError: `node_exists` (409).
        """
        place = self.store.data_centers.find(data_center)
        if place is None:
            raise BadInputError(
                "data_center_unknown", "There is no such data center.", hint="Register its gateway first."
            )
        try:
            node = self.store.nodes.add(
                name=names.node_name(name),
                data_center=place.id,
                url=check_url(url),
                description=check_summary(description),
            )
        except Conflict:
            raise AppError(
                "node_exists", "There is a node of this name or URL already.", hint="Remove it first.", status=409
            ) from None
        self.store.audit.add("node.create", actor, node.name, address, url=node.url, data_center=place.name)
        return node

    def change_node(
        self,
        node: Node,
        *,
        url: str | None = None,
        description: str | None = None,
        drained: bool | None = None,
        actor: str,
        address: str = "",
    ) -> Node:
        """Return the node after the change; a drained one gets no new projects, those it has stay.

        Raises:
            BadInputError: a field breaks a rule.
            AppError: `node_exists` (409) where another node has the URL, `node_not_found` (404).
        """
        wanted: dict[str, Any] = {}
        if url is not None:
            wanted["url"] = check_url(url)
        if description is not None:
            wanted["description"] = check_summary(description)
        if drained is not None:
            wanted["drained"] = drained
        fields = {name: value for name, value in wanted.items() if getattr(node, name) != value}
        if not fields:
            return node
        try:
            changed = self.store.nodes.update(node.name, fields)
        except Conflict:
            raise AppError(
                "node_exists", f"Another node has the URL {url}.", hint="Correct the URL.", status=409
            ) from None
        if changed is None:
            raise node_unknown()
        self.store.audit.add("node.update", actor, node.name, address, **fields)
        return changed

    def remove_node(self, name: str, *, actor: str, address: str = "") -> None:
        """Forget a node on which no project lives, and to which none is on its way.

        Raises:
            AppError: `node_in_use` (409), `node_not_found` (404).
        """
        if self.store.projects.count(nodes=name) or self.store.tasks.moving_to(name):
            raise AppError(
                "node_in_use",
                "Projects live on this node, or are on their way to it.",
                hint="Move these projects to other nodes, or delete them, first.",
                status=409,
            )
        if self.store.nodes.remove(name) is None:
            raise node_unknown()
        self.store.audit.add("node.remove", actor, name, address)


def check_url(url: str) -> str:
    """Return the URL, scheme, host and port alone, without a trailing slash; raise BadInputError otherwise."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    good = (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and parts.username is None
        and parts.path in {"", "/"}
        and not parts.query
        and not parts.fragment
        and url.isascii()
        and url.isprintable()
        and " " not in url
        and (port is None or 0 < port <= MAX_PORT)
    )
    if not good:
        raise BadInputError("url_invalid", "The URL cannot be used.", hint="Use http://host:port or https://host:port.")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def data_center_unknown() -> AppError:
    """Return the answer for a data center that does not exist."""
    return AppError("data_center_not_found", "There is no such data center.", hint="Use an id of the list.", status=404)


def node_unknown() -> AppError:
    """Return the answer for a node that does not exist."""
    return AppError("node_not_found", "There is no such node.", hint="Use a name of the list.", status=404)


def _taken() -> AppError:
    return AppError(
        "data_center_exists",
        "There is a data center of this name or URL already.",
        hint="Change it with PATCH, or choose another name.",
        status=409,
    )
