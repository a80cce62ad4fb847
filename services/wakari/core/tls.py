# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates between our own tiers: whom a client trusts, what it shows of itself, and why it was not content."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter


@dataclass(frozen=True)
class Identity:
    """A client's own certificate with its key, and the authorities of those it calls; files in PEM."""

    certificate: Path
    key: Path
    authorities: Path


class _Named(HTTPAdapter):
    """Expects this name in the certificate, whatever host the URL has."""

    def __init__(self, name: str) -> None:
        self.tls_name = name
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:  # noqa: ANN401 - the base class's
        """Pass the name on to each connection, which shows it to the peer and compares it."""
        super().init_poolmanager(connections, maxsize, block, server_hostname=self.tls_name, **options)


def expect_name(session: requests.Session, url: str, name: str) -> None:
    """Have the session take this name alone for calls to the base URL. Does nothing where it does so already."""
    prefix = f"{url}/"  # as a whole: port 5002 is no prefix of port 50021
    present = session.adapters.get(prefix)
    if not isinstance(present, _Named) or present.tls_name != name:
        session.mount(prefix, _Named(name))


def why(error: BaseException) -> str:
    """Return, for a sentence, why a TLS connection could not be trusted or made."""
    for reason in _reasons(error):
        if isinstance(reason, ssl.SSLCertVerificationError):
            return f"its certificate is not good ({reason.verify_message.rstrip('.')})"
        if isinstance(reason, ssl.SSLError) and reason.reason == "WRONG_VERSION_NUMBER":
            return "it does not speak TLS"
    return "TLS with it failed"


def _reasons(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was made of: libraries wrap OpenSSL's in several ways."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
