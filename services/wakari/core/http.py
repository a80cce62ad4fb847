# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls from one tier to another: signed, with time-outs, the request id passed on, one error shape out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from wakari.core import logs, tls, tokens
from wakari.core.errors import AppError, UnavailableError

CONNECT_TIMEOUT = 5.0  # seconds; a host that is down must be noticed before a person gives up
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")  # Debian's, by update-ca-certificates(8)
MAX_LINE = 1 << 20  # bytes of one NDJSON line


@dataclass(frozen=True)
class Peer:
    """Another tier as this one calls it: base URL, shared key, and who signs for whom."""

    name: str
    url: str
    key: str = field(repr=False)
    issuer: str
    audience: str
    tls_name: str | None = None  # the name its certificate must bear, where that is not the host of the URL


def new_session() -> requests.Session:
    """Return a session for calls between our own tiers: no proxy of the environment, and the host's own authorities.

    The distribution's store is where a site adds its authority, and the role aen_tls the platform's; where there is no
    such store, the authorities that come with Python's packages are trusted.
    """
    session = requests.Session()
    session.trust_env = False
    if AUTHORITIES.exists():
        session.verify = str(AUTHORITIES)
    return session


class Client:
    """Calls peers over one connection pool. Thread-safe as `requests.Session` is: one per thread or per worker."""

    def __init__(self, identity: tls.Identity | None = None) -> None:
        """Make a client; `identity` is shown to peers that ask for a certificate."""
        self._session = new_session()
        if identity is not None:
            self._session.verify = str(identity.authorities)
            self._session.cert = (str(identity.certificate), str(identity.key))

    def call(
        self, peer: Peer, method: str, path: str, body: object | None = None, timeout: float = 30.0
    ) -> dict[str, Any]:
        """Return the JSON object the peer answered. `timeout` is in seconds between bytes.

        Raises:
            AppError: the peer's own refusal, in its words.
            UnavailableError: the peer cannot be reached or broke off; `peer_untrusted`: its certificate is not good.
        """
        response = self._send(peer, method, path, body, timeout, stream=False)
        try:
            content = response.json()
        except ValueError as error:
            raise UnavailableError("bad_answer", f"{peer.name} did not answer in JSON.") from error
        if response.status_code >= requests.codes.bad_request:
            raise AppError.from_body(content, response.status_code)
        if not isinstance(content, dict):
            raise UnavailableError("bad_answer", f"{peer.name} did not answer with an object.")
        return content

    def stream(self, peer: Peer, path: str, body: object, timeout: float = 600.0) -> Iterator[dict[str, Any]]:
        """Yield each NDJSON object the peer sends, as it comes. Raises as `call`."""
        response = self._send(peer, "POST", path, body, timeout, stream=True)
        with response:
            if response.status_code >= requests.codes.bad_request:
                try:
                    content = response.json()
                except ValueError:
                    content = None
                raise AppError.from_body(content, response.status_code)
            try:
                for line in response.iter_lines(chunk_size=None):
                    if line:
                        yield json.loads(line[:MAX_LINE])
            except (requests.RequestException, ValueError) as error:
                raise _broken(peer, error) from error

    def _send(
        self, peer: Peer, method: str, path: str, body: object | None, timeout: float, *, stream: bool
    ) -> requests.Response:
        headers = {
            "Authorization": f"Bearer {tokens.sign_request(peer.key, peer.issuer, peer.audience)}",
            "X-Request-Id": logs.request_id() if logs.request_id() != "-" else logs.take_request_id(None),
        }
        if peer.tls_name:
            tls.expect_name(self._session, peer.url, peer.tls_name)
        try:
            return self._session.request(
                method,
                peer.url + path,
                json=body,
                headers=headers,
                timeout=(CONNECT_TIMEOUT, timeout),
                stream=stream,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _broken(peer, error) from error


def _broken(peer: Peer, error: Exception) -> UnavailableError:
    if isinstance(error, requests.exceptions.SSLError):
        return UnavailableError(
            "peer_untrusted",
            f"{peer.name} at {peer.url} is not who it should be: {tls.why(error)}.",
            hint="Tell an administrator: run the playbook again for this host and for who calls it (docs/tls.md).",
        )
    return UnavailableError(
        "unreachable",
        f"{peer.name} cannot be reached at {peer.url} ({type(error).__name__}).",
        hint="Check that the host is up and its service is running; the call can be repeated.",
    )
