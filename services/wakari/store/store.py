# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection and its repositories."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, TypeVar

from pymongo import MongoClient, WriteConcern
from pymongo.client_session import ClientSession
from pymongo.errors import ConfigurationError, InvalidURI
from pymongo.read_concern import ReadConcern

from wakari.core.settings import SettingsError
from wakari.store import indexes
from wakari.store.audit import Audit
from wakari.store.authorizations import Authorizations
from wakari.store.bans import Bans
from wakari.store.changes import ChangeFeed
from wakari.store.credentials import Codes, Sessions, Tokens
from wakari.store.datacenters import DataCenters, Nodes
from wakari.store.dump import Dump
from wakari.store.errors import Conflict, translated
from wakari.store.exceptions import Exceptions
from wakari.store.fleet import FleetEvents, FleetJobs
from wakari.store.groups import Groups
from wakari.store.mails import Mails
from wakari.store.project_lists import ProjectLists
from wakari.store.projects import Projects
from wakari.store.registrations import Registrations
from wakari.store.reports import Drifts, ProjectUses
from wakari.store.resets import Resets
from wakari.store.searches import SavedSearches
from wakari.store.site import Site
from wakari.store.ssh_keys import SshKeys
from wakari.store.stars import Stars
from wakari.store.tasks import Tasks
from wakari.store.throttles import Throttles
from wakari.store.users import Users
from wakari.store.workers import Workers

T = TypeVar("T")
SELECT_TIMEOUT = 3000  # ms to find a primary; a person is waiting


class Store:
    """All repositories over one database. Made after the fork; thread-safe."""

    def __init__(self, client: MongoClient[dict[str, Any]], database: str) -> None:
        self._client = client
        self.database = client.get_database(database, write_concern=WriteConcern(w="majority"))
        self.users = Users(self.database.users, self.database.counters)
        self.groups = Groups(self.database.groups)
        self.ssh_keys = SshKeys(self.database.users)
        self.bans = Bans(self.database.users)
        self.projects = Projects(self.database.projects)
        self.project_lists = ProjectLists(self.database.projects)
        self.stars = Stars(self.database.stars)
        self.data_centers = DataCenters(self.database.data_centers)
        self.nodes = Nodes(self.database.nodes)
        self.tasks = Tasks(self.database.tasks)
        self.authorizations = Authorizations(self.database.authorizations)
        self.sessions = Sessions(self.database.sessions, self.authorizations)
        self.tokens = Tokens(self.database.tokens)
        self.codes = Codes(self.database.codes)
        self.resets = Resets(self.database.resets)
        self.mails = Mails(self.database.mails)
        self.registrations = Registrations(self.database.registrations)
        self.saved_searches = SavedSearches(self.database.saved_searches)
        self.throttles = Throttles(self.database.throttles)
        self.audit = Audit(self.database.audit, self.database.counters)
        self.site = Site(self.database.site)
        self.uses = ProjectUses(self.database.project_use)
        self.drifts = Drifts(self.database.drift)
        self.exceptions = Exceptions(self.database.exceptions)
        self.fleet_jobs = FleetJobs(self.database.fleet_jobs)
        self.fleet_events = FleetEvents(self.database.fleet_events)
        self.workers = Workers(self.database.workers)
        self.changes = ChangeFeed(self.database)
        self.dump = Dump(self.database)

    def init(self) -> list[str]:
        """Create what is missing of collections and indexes; return the names of what was made."""
        with translated():
            created = indexes.create(self.database)
        if "authorizations" in created:
            self.authorizations.adopt(self.database.sessions)
        return [*created, *(["projects.words"] if self.projects.fill_words() else [])]

    def ping(self) -> None:
        """Return when a primary answers; raise StoreUnavailable otherwise."""
        with translated():
            self._client.admin.command("ping")

    def transaction(self, work: Callable[[ClientSession], T]) -> T:
        """Run `work` in one transaction and return its result. It may run more than once.

        Raises:
            Conflict: a unique index refused a write; nothing was written.
        """
        for last in (False, False, True):
            try:
                with translated(), self._client.start_session() as session:
                    return session.with_transaction(
                        work, read_concern=ReadConcern("snapshot"), write_concern=WriteConcern(w="majority")
                    )
            except Conflict:
                # Another transaction wrote the same key since our snapshot; a new one sees it and may take another way.
                if last:
                    raise
        raise AssertionError("unreachable")  # pragma: no cover

    def close(self) -> None:
        """Close all connections."""
        self._client.close()


def connect(uri: str, database: str) -> Store:
    """Return the store. Connects lazily: a database that is away shows at the first use, as StoreUnavailable.

    Raises:
        SettingsError: the connection string cannot be used.
    """
    defaults = {"serverSelectionTimeoutMS": SELECT_TIMEOUT, "connectTimeoutMS": SELECT_TIMEOUT}
    options: dict[str, Any] = {name: value for name, value in defaults.items() if f"{name}=".lower() not in uri.lower()}
    try:
        with warnings.catch_warnings():
            # pymongo warns of an option it cannot read and goes on without it: `tls=ture` would be no TLS.
            warnings.simplefilter("error")
            client: MongoClient[dict[str, Any]] = MongoClient(
                uri, tz_aware=True, appname="wakari", retryWrites=True, **options
            )
    except (InvalidURI, ConfigurationError, ValueError, UserWarning) as error:
        # The text of the error may quote the string with its password: only its kind is told.
        raise SettingsError(
            f"The MongoDB connection string cannot be used ({type(error).__name__}). Correct the mongodb-uri file."
        ) from None
    return Store(client, database)
