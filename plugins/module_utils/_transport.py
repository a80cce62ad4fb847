# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection to the server, kept alive over all requests of a module; what may be sent again is."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

MAX_ANSWER = 64 * 1024 * 1024  # bytes; a bound on what a wrong address can make us hold
MAX_WAIT = 30.0  # seconds between two attempts, whatever the server asks for
# Sent twice they do the same as once (RFC 9110, 9.2.2). A POST is only sent again where the server cannot have seen it.
REPEATABLE = frozenset({"GET", "PUT", "PATCH", "DELETE"})
BUSY = frozenset({429, 502, 503, 504})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class TransportError(Exception):
    """The server cannot be reached, or is not what it should be. The text says what to do."""


@dataclass(frozen=True)
class Address:
    """Where the server is, and how its certificate is checked."""

    url: str
    timeout: float = 30.0
    retries: int = 3
    validate_certs: bool = True
    ca_path: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is no address of a server."""
        try:
            parts = urlsplit(self.url)
            good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            good = False
        if not good or parts.username is not None or parts.path not in {"", "/"} or parts.query or parts.fragment:
            raise TransportError(
                "server_url cannot be used. Give scheme, host and port alone, as https://aen.example.org."
            )

    @property
    def exposed(self) -> bool:
        """Return whether what is sent can be read on the way: plain HTTP to another host."""
        parts = urlsplit(self.url)
        return parts.scheme == "http" and parts.hostname not in LOOPBACK


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport:
    """Sends requests one after the other. `sent` counts them by method, repetitions included."""

    def __init__(self, address: Address, sleep: Callable[[float], None] = time.sleep) -> None:
        self.address = address
        self.sent: dict[str, int] = {}
        self._sleep = sleep
        self._connection: http.client.HTTPConnection | None = None

    def exchange(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Return the answer; one that says "busy" only after the last attempt.

        Raises:
            TransportError: no answer came.
        """
        for attempt in range(self.address.retries + 1):
            last = attempt == self.address.retries
            try:
                answer = self._once(method, target, headers, body)
            except (OSError, http.client.HTTPException) as error:
                unseen = self._connection is None
                self.close()
                if last or isinstance(error, ssl.SSLError) or not (unseen or method in REPEATABLE):
                    raise TransportError(self._reason(error)) from error
                self._sleep(_pause(attempt))
                continue
            if (
                last
                or answer.status not in BUSY
                or not (method in REPEATABLE or answer.status == http.client.TOO_MANY_REQUESTS)
            ):
                return answer
            self._sleep(_pause(attempt, answer.headers.get("retry-after", "")))
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _once(self, method: str, target: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        connection = self._connection
        if connection is None:
            connection = self._connect()
            connection.connect()
            self._connection = connection
        self.sent[method] = self.sent.get(method, 0) + 1
        connection.request(method, target, body=body, headers=dict(headers))
        answer = connection.getresponse()
        content = answer.read(MAX_ANSWER + 1)
        if len(content) > MAX_ANSWER:
            self.close()
            raise TransportError(f"{self.address.url} answers without end. Is this the server?")
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, content)

    def _connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.address.url)
        host = parts.hostname or ""
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, parts.port, timeout=self.address.timeout)
        try:
            context = ssl.create_default_context(cafile=self.address.ca_path)
        except (OSError, ssl.SSLError) as error:
            raise TransportError(f"ca_path {self.address.ca_path} cannot be read: {error}.") from error
        if not self.address.validate_certs:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return http.client.HTTPSConnection(host, parts.port, timeout=self.address.timeout, context=context)

    def _reason(self, error: Exception) -> str:
        if isinstance(error, ssl.SSLCertVerificationError):
            return (
                f"The certificate of {self.address.url} is not trusted: {error.verify_message}. "
                "Name the file of the site's authority in ca_path."
            )
        if isinstance(error, TimeoutError):
            return (
                f"{self.address.url} gave no answer within {self.address.timeout:g} s. Is the server up? Raise timeout."
            )
        said = str(error) or type(error).__name__
        return f"{self.address.url} cannot be reached: {said}. Check server_url and that the server is up."


def _pause(attempt: int, retry_after: str = "") -> float:
    """Return how many seconds to wait before the next attempt: what the server asks for, or 0.5, 1, 2, 4 ..."""
    if retry_after.isdecimal():
        return min(float(retry_after), MAX_WAIT)
    return min(0.5 * 2.0**attempt, MAX_WAIT)
