# SPDX-License-Identifier: GPL-3.0-or-later
"""The API as a Flask blueprint."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from wakari.server.api import (
    accounts,
    activity,
    authorizations,
    exceptions,
    fleet,
    groups,
    notifications,
    places,
    projects,
    report,
    running_apps,
    searches,
    settings,
    ssh_keys,
    tasks,
    tokens,
    users,
)
from wakari.server.api.openapi import document
from wakari.server.api.table import TABLE

blueprint = Blueprint("api", __name__)
HANDLERS = (
    tokens,
    authorizations,
    ssh_keys,
    users,
    accounts,
    notifications,
    groups,
    projects,
    places,
    tasks,
    settings,
    activity,
    running_apps,
    exceptions,
    report,
    fleet,
    searches,
)  # imported so that they enter themselves into the table
TABLE.register(blueprint)


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """Return the description of the API; anybody may read it."""
    return jsonify(document())
