# SPDX-License-Identifier: GPL-3.0-or-later
"""The server's REST API (/api/v1) as the modules use it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlencode

from ._transport import Address, Answer, Transport, TransportError

Json = dict[str, Any]
ROOT = "/api/v1"
PAGE = 200  # the largest that the API gives
SIGN_IN_SECONDS = 600  # how long the token of a user name and password lives, should we not come to revoke it
NOT_FOUND = 404
CHANGED_MEANWHILE = 412


class ApiError(Exception):
    """A refusal by the server, in its own words."""

    def __init__(self, status: int, code: str, message: str, hint: str = "", request_id: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.hint = hint
        self.request_id = request_id

    def __str__(self) -> str:
        """Return what is wrong, what to do, and by which id the server's log knows it."""
        said = f"{self.args[0]} {self.hint}".strip()
        known = f", request {self.request_id}" if self.request_id else ""
        return f"{said} ({self.code}, HTTP {self.status}{known})"

    @classmethod
    def of(cls, answer: Answer) -> ApiError:
        """Return the refusal in an answer; one of our own where it is not of the API's shape."""
        try:
            error = json.loads(answer.body)["error"]
            return cls(
                answer.status, str(error["code"]), str(error["message"]), str(error["hint"]), str(error["request_id"])
            )
        except (ValueError, KeyError, TypeError):
            pass
        target = answer.headers.get("location", "")
        if target and 300 <= answer.status < 400:  # noqa: PLR2004 - redirects
            hint = f"Set server_url to where it leads: {'/'.join(target.split('/')[:3])}."
            return cls(answer.status, "redirected", "The server is elsewhere.", hint)
        return cls(
            answer.status,
            "bad_answer",
            "What answers there is not the API.",
            "Check server_url, and proxies before it.",
        )


class Client:
    """Calls the API as one person. In check mode (`read_only`) it refuses to write, whatever a module asks for."""

    def __init__(self, address: Address, *, token: str = "", read_only: bool = False) -> None:
        self.transport = Transport(address)
        self.read_only = read_only
        self._token = token
        self._own_token = ""

    def __enter__(self) -> Client:  # noqa: PYI034 - Self is in typing from Python 3.11 on; hosts have older ones
        """Return the client."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the token of `sign_in` back and close the connection."""
        try:
            if self._own_token:
                self._send("DELETE", f"/tokens/{self._own_token}")
        except (ApiError, TransportError):
            pass  # it ends by itself; what the module did is more worth telling
        finally:
            self.transport.close()

    @property
    def requests(self) -> int:
        """Return how many requests were sent."""
        return sum(self.transport.sent.values())

    def sign_in(self, username: str, password: str, label: str) -> None:
        """Get a token for a few minutes, which is revoked at the end. Done in check mode too: else nothing can be read.

        Raises:
            ApiError: `sign_in_failed`, `too_many_attempts`.
        """
        body = {"username": username, "password": password, "name": label, "expires_in": SIGN_IN_SECONDS}
        made = self._send("POST", "/tokens", body)
        self._token, self._own_token = str(made["token"]), str(made.get("id", ""))

    @property
    def own_token(self) -> str:
        """Return the id of the token that `sign_in` made; empty where there is none."""
        return self._own_token

    def get(self, path: str) -> Json:
        """Return what is there; raise ApiError where nothing is."""
        return self._send("GET", path)

    def find(self, path: str) -> tuple[Json | None, str]:
        """Return what is there and its ETag; (None, "") where nothing is."""
        try:
            answer = self._exchange("GET", path)
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
            return None, ""
        return _decoded(answer), answer.headers.get("etag", "")

    def items(self, path: str, **filters: str | None) -> Iterator[Json]:
        """Yield each item of a list, page by page."""
        cursor: str | None = ""
        while cursor is not None:
            given = {name: value for name, value in filters.items() if value is not None}
            page = self.get(f"{path}?{urlencode({'limit': PAGE, **({'cursor': cursor} if cursor else {}), **given})}")
            yield from page["items"]
            cursor = page["next"]

    def write(self, method: str, path: str, body: Mapping[str, Any] | None = None, etag: str = "") -> Json:
        """Return what the server answers to a change, {} for nothing. `etag`: refuse where it changed since.

        Raises:
            ApiError: the server refuses; `changed_meanwhile` (412) by the `etag`.
        """
        if self.read_only:
            raise AssertionError(f"{method} {path} in check mode")
        return self._send(method, path, body, etag)

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None, etag: str = "") -> Json:
        return _decoded(self._exchange(method, path, body, etag))

    def _exchange(self, method: str, path: str, body: Mapping[str, Any] | None = None, etag: str = "") -> Answer:
        headers = {"Accept": "application/json", "User-Agent": "wakari.aen"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if etag:
            headers["If-Match"] = etag
        content = None
        if body is not None:
            content = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        answer = self.transport.exchange(method, ROOT + path, headers, content)
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - the answers that say "done"
            raise ApiError.of(answer)
        return answer


def segment(name: str) -> str:
    """Return a name as one segment of a path, whatever is in it."""
    return quote(name, safe="") if name not in {".", ".."} else "%2E" * len(name)


def _decoded(answer: Answer) -> Json:
    if not answer.body:
        return {}
    try:
        content = json.loads(answer.body)
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise ApiError.of(answer)
    return content
