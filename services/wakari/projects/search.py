# SPDX-License-Identifier: GPL-3.0-or-later
"""Searching the files of all projects a person may read: which, asked of which nodes, and one answer of all."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from wakari.access import Action, Caller, Level, level, query
from wakari.core import logs
from wakari.core.errors import AppError, UnavailableError
from wakari.core.http import Client, Peer
from wakari.core.search import MOST, SERVER_SECONDS, NodeAnswer, NodeQuery, Search
from wakari.core.settings import SettingsError
from wakari.projects import search_answers
from wakari.projects.search_answers import Found
from wakari.projects.sites import Sites
from wakari.search.query import Acl, leaves, parse
from wakari.store import Store
from wakari.store.records import DataCenter, Project, User

log = logging.getLogger(__name__)
_AT_ONCE = 16  # gateways
_PROJECTS = 5000  # of one query; a node's message stays below its limit


@dataclass(frozen=True)
class Searches:
    """Asks nodes, by way of their gateways."""

    store: Store
    sites: Sites

    def find(
        self, caller: Caller, user: User, text: str, *, project: Project | None = None, offset: int = 0, limit: int = 25
    ) -> Found:
        """Return the files from `offset` on, the best first; in one project alone where one is given.

        Raises:
            BadInputError: the text is no query; says where.
        """
        people = {leaf.person for leaf in leaves(parse(text)) if isinstance(leaf, Acl)}
        messages: list[str] = []
        projects = (
            [project]
            if project
            else self.store.projects.searchable(query(caller, Action.PROJECT_SEARCH), _PROJECTS + 1)
        )
        # The filter of the database and the level of the table are the same rule; a project that was handed in, too.
        projects = [one for one in projects if level(caller, one) >= Level.READ]
        if len(projects) > _PROJECTS:
            messages.append(f"You may read more than {_PROJECTS} projects: only the first of them are searched.")
            projects = projects[:_PROJECTS]
        readers = {name: self._reader(name) for name in people}
        most = min(offset + limit + 1, MOST)
        by_node: dict[str, dict[str, list[Project]]] = defaultdict(lambda: defaultdict(list))
        for one in projects:
            for node in one.nodes:
                by_node[one.data_center][node].append(one)
        asked = {
            center: {
                node: _node_query(caller, user, held, readers, {"query": text, "most": most})
                for node, held in nodes.items()
            }
            for center, nodes in by_node.items()
        }
        answers = self._ask(asked, user.name)
        return search_answers.merged(projects, answers, messages, slice(offset, offset + limit))

    def _reader(self, name: str) -> Caller:
        """Return the person behind `acl:`; nobody, who reads nothing, where there is none of this name."""
        user = self.store.users.get(name)
        return Caller.of(user.name, (), user.groups) if user else Caller()

    def _ask(self, asked: Mapping[str, Mapping[str, NodeQuery]], requested_by: str) -> dict[str, NodeAnswer | AppError]:
        """Return what each node answered, or why it did not."""
        request_id = logs.request_id()

        def one(center: str) -> dict[str, NodeAnswer | AppError]:
            logs.take_request_id(request_id)
            try:
                return self._ask_gateway(center, Search(requested_by=requested_by, nodes=dict(asked[center])))
            except AppError as error:
                log.warning("a gateway did not search", extra={"data_center": center, "why": error.message})
                return dict.fromkeys(asked[center], error)

        with ThreadPoolExecutor(max_workers=min(_AT_ONCE, len(asked)) or 1) as pool:
            return {node: answer for answers in pool.map(one, asked) for node, answer in answers.items()}

    def _ask_gateway(self, center: str, search: Search) -> dict[str, NodeAnswer | AppError]:
        place = self.store.data_centers.get(center)
        if place is None:
            raise AppError("data_center_gone", "The data center is not registered any more.", status=409)
        body = search.model_dump(mode="json")
        content = Client().call(self._peer(place), "POST", "/_wakari/v1/search", body, timeout=SERVER_SECONDS)
        told = content.get("nodes")
        return {node: _answer(told.get(node) if isinstance(told, dict) else None) for node in search.nodes}

    def _peer(self, place: DataCenter) -> Peer:
        try:
            key = self.sites.secret(place)
        except SettingsError as error:
            raise UnavailableError("secret_unreadable", str(error)) from error
        return Peer(f"The gateway of {place.name}", place.url, key, "server", f"gateway:{place.client_id}")


def _node_query(
    caller: Caller, user: User, held: list[Project], readers: Mapping[str, Caller], asked: Mapping[str, Any]
) -> NodeQuery:
    by_team = {one.path for one in held if level(caller, one.model_copy(update={"public": False})) >= Level.READ}
    return NodeQuery(
        uid=user.uid,
        team=tuple(one.path for one in held if one.path in by_team),
        visited=tuple(one.path for one in held if one.path not in by_team),
        acl={
            name: tuple(one.path for one in held if level(reader, one) >= Level.READ)
            for name, reader in readers.items()
        },
        **asked,
    )


def _answer(told: Any) -> NodeAnswer | AppError:  # noqa: ANN401 - another tier's JSON
    if isinstance(told, dict) and "error" in told:
        return AppError.from_body(told, 502)
    try:
        return NodeAnswer.model_validate(told["result"] if isinstance(told, dict) else None)
    except (ValidationError, KeyError):
        return UnavailableError("bad_answer", "The node answered in a form this server does not know.")
