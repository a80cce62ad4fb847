# SPDX-License-Identifier: GPL-3.0-or-later
"""Would have caught: input that becomes a query, and a database that answers anybody (security rule 18).

Wherever the API takes text it is sent an operator of MongoDB; wherever it takes a list, one in the list. The database
is started with the role's own configuration.
"""

from __future__ import annotations

import copy
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from tests.mongod import executable
from tests.serverkit import PASSWORD, Api, Kit
from wakari.server.api.openapi import document
from wakari.server.api.routing import Route
from wakari.server.api.table import TABLE

OPERATORS: tuple[Any, ...] = ({"$ne": ""}, {"$gt": ""}, {"$regex": ".*"}, {"$where": "1"}, {"$in": ["alice"]}, ["$ne"])
ROLE = Path(__file__).parents[4] / "roles/aen_mongodb/templates/etc/mongod.conf.j2"


@pytest.fixture
def root(kit: Kit) -> Api:
    kit.place("east")
    kit.project(kit.user("alice"))
    return kit.api(kit.user("wakari", "superuser"))


def resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the schema itself: of a reference what it means, of alternatives the first that is not null."""
    for alternative in schema.get("anyOf", ()):
        if alternative.get("type") != "null":
            return resolved(alternative, schemas)
    if "$ref" in schema:
        return resolved(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    return schema


def poisoned(schema: dict[str, Any], schemas: dict[str, Any], bad: Any) -> Iterator[Any]:
    """Yield values of the schema with `bad` in the place of each text in turn."""
    own = resolved(schema, schemas)
    # What the schema does not narrow takes anything: that too.
    if own.get("type", "string") == "string" or "enum" in own or "const" in own:
        yield bad
    elif own.get("type") == "array":
        for value in poisoned(own["items"], schemas, bad):
            yield [value]
    elif own.get("type") == "object":
        fields = own.get("properties", {})
        for name, field in fields.items():
            for value in poisoned(field, schemas, bad):
                yield {**dict.fromkeys(own.get("required", ()), "x"), name: value}
        yield {**dict.fromkeys(own.get("required", ()), "x"), "$where": "1"}


def bodies(route: Route) -> Iterator[Any]:
    schemas = document()["components"]["schemas"]
    assert route.body is not None
    for bad in OPERATORS:
        yield from poisoned(schemas[route.body.__name__], schemas, copy.deepcopy(bad))
        yield bad


@pytest.mark.parametrize(
    "route", [route for route in TABLE.routes if route.body], ids=lambda one: one.method + one.path
)
def test_no_text_of_the_api_can_be_an_operator(kit: Kit, root: Api, route: Route) -> None:
    names = {"owner": "alice", "name": "demo", "user": "alice", "group": "g"}
    path = route.path.format(**{name: names.get(name, "x") for name in route.parameters})
    before = kit.services.store.audit.highest()
    tried = 0
    for body in bodies(route):
        answer = root.call(route.method, path, body)
        assert (answer.status_code, answer.json["error"]["code"]) == (422, "body_invalid"), (body, answer.text)
        tried += 1
    assert tried > len(OPERATORS)
    assert kit.services.store.audit.highest() == before


@pytest.mark.parametrize("value", ["$ne", "{$ne:1}", '{"$gt":""}', "alice'||'1", "[$ne]", "a\x00b", "$where"])
def test_no_filter_and_no_cursor_is_one(root: Api, value: str) -> None:
    for route in TABLE.routes:
        if not route.filters and not route.paged:
            continue
        path = route.path.format(**dict.fromkeys(route.parameters, "alice"))
        for name in (*route.filters, *(("cursor",) if route.paged else ())):
            for key, sent in ((name, value), (f"{name}[$ne]", "x"), (f"{name}.$ne", "x")):
                answer = root.call(route.method, path, query_string={key: sent})
                assert answer.status_code == 422, (path, key, sent, answer.status_code)


def test_a_sign_in_by_operators_is_none(kit: Kit, root: Api) -> None:
    assert root
    browser = kit.browser()
    for fields in (
        {"username[$ne]": "", "password[$ne]": ""},
        {"username": "alice", "password[$gt]": ""},
        {"username": '{"$ne": ""}', "password": PASSWORD},
        {"username": "alice", "password": '{"$ne": ""}'},
    ):
        answer = browser.submit("/login", fields)
        assert answer.status_code in {401, 422}, fields
        assert "wk_session" not in str(answer.headers)


@pytest.fixture
def configured() -> Iterator[int]:
    """A MongoDB with the role's configuration in a folder of its own; yields its port."""
    folder = Path(tempfile.mkdtemp(prefix="wakari-conf-", dir="/var/tmp"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    keyfile = folder / "keyfile"
    keyfile.write_text(secrets.token_hex(64))
    keyfile.chmod(0o400)
    (folder / "db").mkdir()
    text = (
        jinja2.Environment(undefined=jinja2.StrictUndefined)  # noqa: S701 - no HTML: a file for mongod
        .from_string(ROLE.read_text())
        .render(
            ansible_managed="test",
            aen_mongodb_cache_gb=0.25,
            aen_mongodb_provider="pip_dev",
            aen_mongodb_port=port,
            __aen_mongodb_data=str(folder / "db"),
            __aen_mongodb_secrets=str(folder),
            __aen_mongodb_replica_set="rs0",
        )
    )
    log = "/var/log/mongodb/mongod.log"
    assert log in text
    (folder / "mongod.conf").write_text(text.replace(log, str(folder / "log")))
    process = subprocess.Popen([executable(), "-f", str(folder / "mongod.conf")], stdout=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        shutil.rmtree(folder)


def test_the_database_of_the_role_answers_nobody_without_a_password(configured: int) -> None:
    uri = f"mongodb://127.0.0.1:{configured}/?directConnection=true"
    with MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=500) as client:
        deadline = time.monotonic() + 60
        while True:
            try:
                client.admin.command("ping")
                break
            except PyMongoError:
                assert time.monotonic() < deadline, "mongod with the role's configuration does not start"
                time.sleep(0.2)
        for command in ({"serverStatus": 1}, {"getParameter": "*"}, {"shutdown": 1}):
            with pytest.raises(OperationFailure) as caught:
                client.admin.command(command)
            assert caught.value.code == 13, "Unauthorized (MongoDB's error codes)"


def test_the_database_of_the_role_listens_on_the_loopback_alone(configured: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", configured), timeout=5).close()
            break
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    hexed = f"{configured:04X}"
    listening = [
        line.split()[1]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{hexed}")
    ]
    assert listening == [f"0100007F:{hexed}"], "127.0.0.1 and no other address (proc_net_tcp of the kernel)"
    assert not os.path.exists(f"/tmp/mongodb-{configured}.sock")  # noqa: PTH110 - the address of its default
