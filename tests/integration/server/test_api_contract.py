# SPDX-License-Identifier: GPL-3.0-or-later
"""Each operation against its own description: schemathesis makes good and bad requests and judges the answers."""

from __future__ import annotations

import os
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, seed
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from schemathesis.config import (
    ChecksConfig,
    PositiveDataAcceptanceConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.generation import GenerationMode

from tests.serverkit import Kit
from wakari.server.api import blueprint  # noqa: F401 - fills the table
from wakari.server.api.routing import Route
from wakari.server.api.table import TABLE

EXAMPLES = int(os.environ.get("WAKARI_CONTRACT_EXAMPLES", "6"))  # of each kind of request to each operation
# A schema cannot say every rule: names that are taken (409), unknown nodes, poor passwords (422), too many tries (429).
GOOD_REQUEST = ["2xx", "401", "403", "404", "409", "412", "422", "429"]


@pytest.fixture
def known(kit: Kit) -> dict[str, str]:
    """One of each thing, by the name of the parameter that means it."""
    place, _ = kit.place("east", "e1")
    alice = kit.user("alice")
    kit.project(alice, "demo")
    admin = kit.user("wakari", "superuser")
    api = kit.api(admin)
    assert api.post("/groups", {"name": "physics"}).status_code == 201
    one_of_each = {"owner": "alice", "name": "demo", "user": "alice", "group": "physics", "id": place.id}
    return one_of_each | {"authorization": kit.authorize("alice", place.id).id, "token": api.token}


def config() -> SchemathesisConfig:
    checks = ChecksConfig(positive_data_acceptance=PositiveDataAcceptanceConfig(expected_statuses=GOOD_REQUEST))
    return SchemathesisConfig(projects=ProjectsConfig(default=ProjectConfig(checks=checks)))


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize("route", TABLE.routes, ids=lambda route: f"{route.method}-{route.path}")
def test_the_operation_keeps_its_word(app: Flask, known: dict[str, str], route: Route, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=config())
    operation = schema[route.path][route.method]
    token = known["token"]
    headers = {"Authorization": f"Bearer {token}"}
    parameters = {**known, **({"name": "e1"} if route.path.startswith("/nodes") else {})}
    good = {name: parameters[name] for name in route.parameters if name in parameters and name != "token"}

    @seed(20)
    @hypothesis_settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
    def run(case: schemathesis.Case[Any], real: bool) -> None:
        if real and mode is GenerationMode.POSITIVE and good:
            case.path_parameters.update(good)
        case.call_and_validate(headers=headers)

    run()
