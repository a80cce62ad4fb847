# SPDX-License-Identifier: GPL-3.0-or-later
"""The document and the routes are the same thing."""

from __future__ import annotations

import re

from flask import Flask

from wakari.access import Action
from wakari.server.api.blueprint import blueprint
from wakari.server.api.openapi import document
from wakari.server.api.table import TABLE


def rules() -> set[tuple[str, str]]:
    app = Flask(__name__)
    app.register_blueprint(blueprint, url_prefix="/api/v1")
    return {
        (method, re.sub(r"<(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1")))
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_every_route_is_documented_and_every_documented_route_is_there() -> None:
    documented = {(method.upper(), path) for path, operations in document()["paths"].items() for method in operations}
    assert documented == rules() - {("GET", "/openapi.json")}


def test_every_reference_leads_somewhere() -> None:
    text = str(document())
    schemas = document()["components"]["schemas"]
    wanted = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert wanted
    assert wanted <= set(schemas)


def test_every_route_says_who_may_call_it() -> None:
    for route in TABLE.routes:
        open_to_all = route.path in {"/tokens", "/registrations"} and route.method == "POST"
        assert isinstance(route.action, Action) != open_to_all


def test_operations_have_names_of_their_own() -> None:
    names = [operation["operationId"] for path in document()["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))


def test_bodies_refuse_unknown_keys() -> None:
    for route in TABLE.routes:
        if route.body is not None:
            assert route.body.model_config["extra"] == "forbid"
            assert route.body.model_config["strict"] is True
