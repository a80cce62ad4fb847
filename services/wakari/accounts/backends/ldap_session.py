# SPDX-License-Identifier: GPL-3.0-or-later
"""One conversation with a directory: connected, with TLS, as whom, what it found."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from ldap3 import NONE, SUBTREE, Connection, Server, Tls
from ldap3.core.exceptions import LDAPException
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn

from wakari.accounts.backends.settings import LdapSettings
from wakari.core.http import AUTHORITIES

# RFC 4511, appendix A. Of these the last is what OpenLDAP says of an entry without a password.
SUCCESS, NO_SUCH_OBJECT, CONSTRAINT, INVALID_CREDENTIALS, UNWILLING, INAPPROPRIATE = 0, 32, 19, 49, 53, 48
SIZE_LIMIT_EXCEEDED = 4
REFUSED = frozenset({NO_SUCH_OBJECT, CONSTRAINT, INVALID_CREDENTIALS, UNWILLING, INAPPROPRIATE})
LDAPS_PORT, LDAP_PORT = 636, 389
Entry = tuple[str, Mapping[str, list[bytes]]]


class DirectoryError(Exception):
    """A directory that does not answer as it should; the message is for administrators."""


class _Tls(Tls):  # type: ignore[misc] # ldap3 ships no types
    """TLS as the standard library does it: OpenSSL checks authority and name, or the address, during the handshake.

    ldap3's own way checks the name afterwards, with a function that newer Pythons lack, and sends no server name.
    """

    def __init__(self, settings: LdapSettings) -> None:
        super().__init__()
        authority = settings.tls_cacert or AUTHORITIES
        try:
            self._context = ssl.create_default_context(cafile=str(authority))
        except OSError as error:  # of which ssl.SSLError is one
            raise DirectoryError(f"{authority}: no certificates can be read from it ({error})") from error
        if not settings.tls_verify:
            self._context.check_hostname = False
            self._context.verify_mode = ssl.CERT_NONE

    def wrap_socket(self, connection: Connection, do_handshake: bool = False) -> None:
        """Put TLS on the connection's socket."""
        connection.socket = self._context.wrap_socket(
            connection.socket, server_hostname=connection.server.host, do_handshake_on_connect=do_handshake
        )


class LdapSession:
    """A connection to one server of the directory. Referrals are not followed: who knows where they lead."""

    def __init__(self, settings: LdapSettings, uri: str) -> None:
        parts = urlsplit(uri)
        self.uri = uri
        self._start_tls = settings.start_tls and parts.scheme == "ldap"
        server = Server(
            parts.hostname or "",
            port=parts.port or (LDAPS_PORT if parts.scheme == "ldaps" else LDAP_PORT),
            use_ssl=parts.scheme == "ldaps",
            tls=_Tls(settings),
            get_info=NONE,
            connect_timeout=settings.timeout,
        )
        self._limit = settings.timeout
        self._connection = Connection(
            server, auto_referrals=False, receive_timeout=settings.timeout, read_only=True, check_names=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        # ldap3 leaves the socket open where connecting or TLS failed.
        left = self._connection.socket
        with suppress(LDAPException, OSError):  # the conversation is over either way
            self._connection.unbind()
        if left is not None:
            left.close()

    def connect(self) -> None:
        """Open the connection; raise DirectoryError where there is no answer."""
        try:
            self._connection.open(read_server_info=False)
        except (LDAPException, OSError, ValueError) as error:
            raise DirectoryError(f"{self.uri}: {_words(error)}") from error

    def secure(self) -> str:
        """Return how the connection is protected, after StartTLS where it is wanted.

        Raises:
            DirectoryError: the server has no TLS, or its certificate is not good for its name.
        """
        if self._connection.server.ssl:
            return "TLS from the first byte"
        if not self._start_tls:
            return "NOT ENCRYPTED: START_TLS is false"
        try:
            done = self._connection.start_tls(read_server_info=False)
        except (LDAPException, OSError, ValueError) as error:
            raise DirectoryError(f"{self.uri}: StartTLS: {_words(error)}") from error
        if not done:
            raise DirectoryError(f"{self.uri}: StartTLS: {self._said()}")
        return "StartTLS"

    def bind(self, dn: str, password: str) -> bool:
        """Return whether the directory takes the password; without a DN it is asked as anonymous.

        Raises:
            DirectoryError: it does not say.
        """
        if dn and not password:
            return False
        try:
            if dn:
                self._connection.rebind(user=dn, password=password, read_server_info=False)
            else:
                self._connection.bind(read_server_info=False)
        except (LDAPException, OSError) as error:
            raise DirectoryError(f"{self.uri}: bind: {_words(error)}") from error
        code = self._connection.result["result"]
        if code in REFUSED:
            return False
        if code != SUCCESS:
            raise DirectoryError(f"{self.uri}: bind: {self._said()}")
        return True

    def search(self, base: str, text: str, attributes: list[str], limit: int) -> list[Entry]:
        """Return up to `limit` entries: DN, and the values by attribute in lower case. Filter values come escaped.

        Raises:
            DirectoryError: the search failed; one over the limit did not.
        """
        try:
            self._connection.search(
                base, text, SUBTREE, attributes=attributes, size_limit=limit, time_limit=self._limit
            )
        except (LDAPException, OSError) as error:
            raise DirectoryError(f"{self.uri}: search below {base!r}: {_words(error)}") from error
        if self._connection.result["result"] not in {SUCCESS, SIZE_LIMIT_EXCEEDED}:
            raise DirectoryError(f"{self.uri}: search below {base!r}: {self._said()}")
        return [
            (item["dn"], {key.lower(): value for key, value in item["raw_attributes"].items()})
            for item in self._connection.response or []
            if item.get("type") == "searchResEntry"
        ]

    def _said(self) -> str:
        result = self._connection.result or {}
        return f"{result.get('description', 'no answer')} {result.get('message', '')}".strip()


def in_filter(text: str, **values: str) -> str:
    """Return a filter with the values put in, escaped as RFC 4515 wants it."""
    return text % {key: escape_filter_chars(value) for key, value in values.items()}


def in_bind_name(text: str, username: str) -> str:
    """Return the name to bind with; in a DN the user name is escaped as RFC 4514 wants it."""
    return text % {"username": escape_rdn(username) if "=" in text else username}


def secret_of(settings: LdapSettings, prefix: Path) -> str:
    """Return the password of BIND_DN; raise DirectoryError where its file cannot be read."""
    if settings.bind_auth_file is None:
        return settings.bind_auth
    path = prefix / settings.bind_auth_file
    try:
        return path.read_text(encoding="utf-8").split("\n", 1)[0]
    except OSError as error:
        raise DirectoryError(f"{path}: cannot be read ({error.strerror})") from error


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error)[:300]}"
