# SPDX-License-Identifier: GPL-3.0-or-later
"""Registers a gateway with the server, as its administrator (REST API) and as the gateway itself (signed)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import requests

from wakari.core.errors import AppError, UnavailableError
from wakari.core.http import CONNECT_TIMEOUT, Client, new_session
from wakari.gateway.settings import Registration

TIMEOUT = 30.0  # seconds
TOKEN_SECONDS = 300  # the token for a password is used at once
REFUSED = "token_invalid"


@dataclass(frozen=True)
class Wanted:
    """What the administrator asked for."""

    server: str
    url: str
    port: int
    name: str
    summary: str


class Administrator(Protocol):
    """A superuser's access to the server; asked for a credential only when something must be changed."""

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the server's answer. Raises AppError with the server's own reason, UnavailableError."""


class TokenAdministrator:
    """The REST API with a superuser's API token."""

    def __init__(self, server: str, token: str) -> None:
        self._server = server
        self._token = token

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the server's answer. Raises AppError with the server's own reason, UnavailableError."""
        return send(self._server, method, path, body, {"Authorization": f"Bearer {self._token}"})


def token_for(server: str, username: str, password: str) -> str:
    """Return a short-lived API token for a user name and a password. Raises AppError (401, 429), UnavailableError."""
    body = {"username": username, "password": password, "name": "wk-gateway-configure", "expires_in": TOKEN_SECONDS}
    return str(send(server, "POST", "/api/v1/tokens", body, {}).get("token", ""))


def send(server: str, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]) -> dict[str, Any]:
    """Return the JSON object the server answered. Raises AppError with the server's reason, UnavailableError."""
    try:
        with new_session() as session:
            answer = session.request(
                method,
                server + path,
                json=body,
                headers=headers,
                timeout=(CONNECT_TIMEOUT, TIMEOUT),
                allow_redirects=False,
            )
    except requests.RequestException as error:
        raise UnavailableError(
            "server_away",
            f"The server cannot be reached at {server} ({type(error).__name__}).",
            hint="Check the address, the name's resolution here, and that the server's services run.",
        ) from error
    if answer.status_code == requests.codes.no_content:
        return {}
    try:
        content = answer.json()
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise UnavailableError(
            "server_away",
            f"What answers at {server} is not a Wakari server (status {answer.status_code}).",
            hint="Check --server; on the server, check that wk-server runs.",
        )
    if answer.status_code >= requests.codes.bad_request:
        raise AppError.from_body(content, answer.status_code)
    return content


def plan(present: Registration | None, wanted: Wanted) -> str:
    """Return what is to be done: `nothing`, `change` (name, URL or summary at the server) or `register`.

    Raises:
        UnavailableError: the server cannot be reached.
    """
    if present is None or wanted.server != present.WAKARI_SERVER:
        return "register"
    try:
        known = Client().call(present.server(), "GET", "/api/internal/v1/data-center", timeout=TIMEOUT)
    except UnavailableError:
        raise
    except AppError as error:
        if error.code == REFUSED:
            return "register"
        raise
    named = known.get("name") == wanted.name and known.get("url") == wanted.url
    return "nothing" if named and wanted.summary == present.SUMMARY else "change"


def change(present: Registration, wanted: Wanted, administrator: Administrator) -> Registration:
    """Bring name, URL and summary at the server in line; return the registration. Raises as `Administrator.call`."""
    body = {"name": wanted.name, "url": wanted.url, "summary": wanted.summary}
    administrator.call("PATCH", f"/api/v1/data-centers/{present.DATA_CENTER_ID}", body)
    return _registration(
        wanted, {"id": present.DATA_CENTER_ID, "client_id": present.CLIENT_ID, "client_secret": present.CLIENT_SECRET}
    )


def register(present: Registration | None, wanted: Wanted, administrator: Administrator) -> Registration:
    """Register the data center, or rotate the secret of the one that is ours; return the registration.

    Raises:
        AppError: `name_taken` where the name belongs to a data center with another URL; else as `Administrator.call`.
    """
    for center in _centers(administrator):
        ours = present is not None and center.get("id") == present.DATA_CENTER_ID
        if not ours and center.get("name") != wanted.name:
            continue
        if not ours and center.get("url") != wanted.url:
            raise AppError(
                "name_taken",
                f"The data center {wanted.name!r} is registered at {center.get('url')}, not at {wanted.url}.",
                hint="Choose another --name, correct --host, --port and --protocol, or remove the data center first.",
                status=409,
            )
        body = {"name": wanted.name, "url": wanted.url, "summary": wanted.summary, "rotate_secret": True}
        return _registration(wanted, administrator.call("PATCH", f"/api/v1/data-centers/{center['id']}", body))
    body = {"name": wanted.name, "url": wanted.url, "summary": wanted.summary}
    return _registration(wanted, administrator.call("POST", "/api/v1/data-centers", body))


def remove(present: Registration, administrator: Administrator) -> bool:
    """Remove the data center at the server; return whether it was there.

    Raises:
        AppError: `data_center_in_use` where it still has nodes or projects; else as `Administrator.call`.
    """
    try:
        administrator.call("DELETE", f"/api/v1/data-centers/{present.DATA_CENTER_ID}")
    except AppError as error:
        if error.status == requests.codes.not_found and error.code != "bad_answer":
            return False
        raise
    return True


def _centers(administrator: Administrator) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: object = None
    while True:
        path = "/api/v1/data-centers" + (f"?{requests.compat.urlencode({'cursor': cursor})}" if cursor else "")
        answer = administrator.call("GET", path)
        found += [item for item in answer.get("items", []) if isinstance(item, dict)]
        cursor = answer.get("next")
        if not cursor:
            return found


def _registration(wanted: Wanted, answer: dict[str, Any]) -> Registration:
    return Registration(
        WAKARI_SERVER=wanted.server,
        CDN=wanted.server,
        EXTERNAL_GATEWAY_URL=wanted.url,
        port=wanted.port,
        NAME=wanted.name,
        SUMMARY=wanted.summary,
        DATA_CENTER_ID=str(answer["id"]),
        CLIENT_ID=str(answer["client_id"]),
        CLIENT_SECRET=str(answer["client_secret"]),
    )
