# SPDX-License-Identifier: GPL-3.0-or-later
"""The OpenAPI 3.1 document, generated from the route table and the models."""

from __future__ import annotations

from functools import cache
from importlib import metadata
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from wakari.access import TABLE as ACCESS
from wakari.server.api.routing import DEFAULT_PAGE, JSON, MAX_PAGE, Route
from wakari.server.api.table import TABLE

REFERENCE = "#/components/schemas/{model}"
PHRASES = {
    400: "The request cannot be read",
    401: "No token, or one that is not valid",
    403: "Not allowed",
    404: "Not found, or not to be seen by the caller",
    409: "In conflict with what is there",
    412: "Changed since it was read (If-Match)",
    413: "More than 256 KiB",
    415: "Not JSON",
    422: "A field breaks a rule",
    429: "Too many attempts",
    503: "The database is away",
}
ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "hint", "request_id"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "hint": {"type": "string"},
                "request_id": {"type": "string"},
                "detail": {"type": "object"},
            },
        }
    },
}


@cache
def document() -> dict[str, Any]:
    """Return the document."""
    models: set[type[BaseModel]] = set()
    for route in TABLE.routes:
        models.update(model for model in (route.body, route.answer) if model is not None)
    ordered = sorted(models, key=lambda model: model.__name__)
    schemas = models_json_schema(
        [(model, "validation" if _is_body(model) else "serialization") for model in ordered], ref_template=REFERENCE
    )[1].get("$defs", {})
    paths: dict[str, dict[str, Any]] = {}
    for route in TABLE.routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Wakari AEN", "version": _version(), "license": {"name": "GPL-3.0-or-later"}},
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {
            "schemas": {**schemas, "Error": ERROR},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _version() -> str:
    try:
        return metadata.version("wakari")
    except metadata.PackageNotFoundError:  # run from a checkout
        return "0"


def _is_body(model: type[BaseModel]) -> bool:
    return any(route.body is model for route in TABLE.routes)


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{route.handler.__module__.rsplit('.', 1)[1]}.{route.handler.__name__}",
        "summary": route.summary,
        "tags": [route.path.split("/")[1]],
        "parameters": _parameters(route),
        "responses": _responses(route),
        "security": [] if route.action is None else [{"token": []}],
    }
    if route.action is not None:
        operation["description"] = f"Needs: {ACCESS[route.action].describe} (`{route.action}`)."
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _content({"$ref": _name(route.body)})}
    return operation


def _parameters(route: Route) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in route.parameters
    ]
    if route.paged:
        limit = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": DEFAULT_PAGE}
        found.append({"name": "limit", "in": "query", "schema": limit})
        found.append({"name": "cursor", "in": "query", "schema": {"type": "string", "maxLength": 128}})
    found += [{"name": name, "in": "query", "schema": {"type": "string", "maxLength": 64}} for name in route.filters]
    if TABLE.shown_by(route):
        found.append({"name": "If-Match", "in": "header", "schema": {"type": "string"}})
    return found


def _responses(route: Route) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done" if route.status != 202 else "Queued"}  # noqa: PLR2004
    if route.answer is not None:
        schema: dict[str, Any] = {"$ref": _name(route.answer)}
        if route.paged:
            schema = {
                "type": "object",
                "required": ["items", "next"],
                "properties": {
                    "items": {"type": "array", "items": schema},
                    "next": {"type": ["string", "null"], "description": "Cursor of the next page."},
                },
            }
        good["content"] = _content(schema)
    statuses = {503, *route.errors}
    if route.action is not None:
        statuses |= {401, 403}
    else:
        statuses |= {401}
    if route.body is not None:
        statuses |= {400, 413, 415, 422}
    if route.paged:
        statuses |= {422}
    if TABLE.shown_by(route):
        statuses |= {412}
    refused = {
        str(status): {"description": PHRASES[status], "content": _content({"$ref": "#/components/schemas/Error"})}
        for status in sorted(statuses)
    }
    return {str(route.status): good, **refused}


def _content(schema: dict[str, Any]) -> dict[str, Any]:
    return {JSON: {"schema": schema}}


def _name(model: type[BaseModel]) -> str:
    return REFERENCE.format(model=model.__name__)
