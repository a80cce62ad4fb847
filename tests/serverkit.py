# SPDX-License-Identifier: GPL-3.0-or-later
"""The server over a real database, for tests: settings on disk, the application, clients with tokens and sessions."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.mongod import Mongod
from wakari.access import Caller
from wakari.core import tokens
from wakari.server import settings as settings_module
from wakari.server.app import create_app
from wakari.server.services import EXTENSION, Services
from wakari.server.settings import ServerSettings
from wakari.store import Store, connect
from wakari.store.indexes import INDEXES
from wakari.store.records import Authorization, DataCenter, Project, Session, User

URL = "http://server.test"
PASSWORD = "correct horse battery"


def write_prefix(prefix: Path, uri: str, database: str) -> Path:
    """Write the settings files of a server prefix; return the folder."""
    folder = prefix / "etc" / "wakari"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"WAKARI_SERVER": URL, "CDN": URL}))
    (folder / "wk-server-config.json").write_text(json.dumps({"mongodb_database": database}))
    (folder / "secret-key").write_text(secrets.token_urlsafe(48) + "\n")
    (folder / "mongodb-uri").write_text(uri + "\n")
    return folder


@pytest.fixture(scope="session")
def server_database(mongod: Mongod) -> Iterator[Store]:
    """One database for all tests of a run, its forty indexes made once: emptying it takes a tenth of making them."""
    store = connect(mongod.uri, f"t{secrets.token_hex(8)}")
    store.init()
    yield store
    store.close()


@pytest.fixture
def settings(tmp_path: Path, mongod: Mongod, server_database: Store) -> ServerSettings:
    """Settings as the role would write them, over an empty database."""
    for collection in INDEXES:
        server_database.database[collection].delete_many({})
    write_prefix(tmp_path / "prefix", mongod.uri, server_database.database.name)
    return settings_module.load(prefix=tmp_path / "prefix")


@pytest.fixture
def app(settings: ServerSettings) -> Iterator[Flask]:
    """The application."""
    made = create_app(settings)
    yield made
    services: Services = made.extensions[EXTENSION]
    services.store.close()


@pytest.fixture
def services(app: Flask) -> Services:
    """The services behind the application."""
    found: Services = app.extensions[EXTENSION]
    return found


@pytest.fixture
def store(services: Services) -> Store:
    """The store behind the application."""
    return services.store


def authorize(services: Services, user: str, data_center: str, session: Session | None = None) -> Authorization:
    """Let the gateway of a data center act for the person, in a browser of its own where no session is given."""
    store = services.store
    if session is None:
        _, session = store.sessions.add(user, 600)
    code = store.codes.add(
        client_id=data_center,
        redirect_uri="",
        scope="gateway",
        user=user,
        sid=session.id,
        code_challenge="",
        browser="Firefox on Linux",
        address="192.0.2.7",
        lifetime=60,
    )
    used, _ = store.codes.use(code, data_center)
    granted = services.authorizations.grant(used) if used else None
    assert granted, "the session is over"
    return granted


@dataclass
class Kit:
    """Makes people, places and projects, and clients that act for them."""

    app: Flask
    services: Services

    def user(self, name: str, *roles: str) -> User:
        return self.services.accounts.add(name, PASSWORD, actor="test", roles=roles)

    def caller(self, user: User) -> Caller:
        return Caller.of(user.name, user.roles)

    def token(self, user: User) -> str:
        return self.services.sign_in.issue_token(user, "test", 600)[0]

    def api(self, user: User | None = None) -> Api:
        return Api(self.app.test_client(), self.token(user) if user else "")

    def place(self, name: str = "east", *nodes: str) -> tuple[DataCenter, str]:
        url = f"http://{name}.test:8089"
        made, secret = self.services.sites.register(name, url, "", actor="test")
        for node in nodes or (f"{name}-1",):
            self.services.sites.add_node(node, made.id, f"http://{node}.test:5002", "", actor="test")
        return made, secret

    def project(self, owner: User, name: str = "demo", **options: Any) -> Project:
        return self.services.creation.create(self.caller(owner), name, **options)

    def authorize(self, user: str, data_center: str, session: Session | None = None) -> Authorization:
        return authorize(self.services, user, data_center, session)

    def browser(self, user: User | None = None) -> Browser:
        browser = Browser(self.app.test_client())
        if user is not None:
            response = browser.submit("/login", {"username": user.name, "password": PASSWORD})
            assert response.status_code == 303, response.text
        return browser


@dataclass
class Api:
    """Calls the REST API with a token."""

    client: FlaskClient
    token: str = ""

    def call(self, method: str, path: str, body: object = None, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        prefix = "" if path.startswith("/api/") else "/api/v1"
        if body is not None:
            options["json"] = body
        return self.client.open(prefix + path, method=method, headers=headers, **options)

    def __getattr__(self, method: str) -> Any:
        if method not in {"get", "post", "put", "patch", "delete"}:
            raise AttributeError(method)
        return lambda path, body=None, **options: self.call(method.upper(), path, body, **options)


@dataclass
class Browser:
    """Opens pages and sends their forms as a browser does: cookies, CSRF token, Origin."""

    client: FlaskClient

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.client.get(path, base_url=URL, **options)

    def csrf(self, path: str) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(path).text)
        assert found, f"no form on {path}"
        return found[1]

    def submit(self, path: str, fields: dict[str, str], page: str | None = None) -> TestResponse:
        data = {"csrf_token": self.csrf(page or path), **fields}
        return self.client.post(path, data=data, base_url=URL, headers={"Origin": URL})


@dataclass
class GatewaySite:
    """A registered gateway as it calls the server."""

    client: FlaskClient
    data_center: DataCenter
    secret: str

    def call(self, method: str, path: str, body: object = None, secret: str | None = None) -> TestResponse:
        issuer = f"gateway:{self.data_center.client_id}"
        token = tokens.sign_request(secret or self.secret, issuer, "server")
        headers = {"Authorization": f"Bearer {token}"}
        return self.client.open("/api/internal/v1" + path, method=method, headers=headers, json=body)

    def decide(self, owner: str, project: str, **credential: Any) -> TestResponse:
        body = {"credential": credential or {"anonymous": True}, "owner": owner, "project": project}
        return self.call("POST", "/decisions", body)


@pytest.fixture
def kit(app: Flask, services: Services) -> Kit:
    """Makes people, places and projects."""
    return Kit(app, services)


@pytest.fixture
def api(kit: Kit) -> Api:
    """An API client without a token."""
    return kit.api()


@pytest.fixture
def gateway_site(kit: Kit) -> GatewaySite:
    """A registered gateway with one node."""
    data_center, secret = kit.place("east")
    return GatewaySite(kit.app.test_client(), data_center, secret)
