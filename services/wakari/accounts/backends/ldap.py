# SPDX-License-Identifier: GPL-3.0-or-later
"""LDAP and Active Directory: the directory finds the person's entry and says whether the password is theirs."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from wakari.accounts.backends.base import Identity, away, usable
from wakari.accounts.backends.ldap_session import (
    DirectoryError,
    Entry,
    LdapSession,
    in_bind_name,
    in_filter,
    secret_of,
)
from wakari.accounts.backends.names import group_key
from wakari.accounts.backends.settings import LdapSettings
from wakari.store.records import Source

log = logging.getLogger(__name__)

# What stays with an entry when it is renamed: RFC 4530; Active Directory; 389 Directory Server; FreeIPA.
IDS = ("entryUUID", "objectGUID", "nsUniqueId", "ipaUniqueID")
DISABLED = 0x2  # ACCOUNTDISABLE of userAccountControl (Active Directory)
MAX_GROUPS = 1000


@dataclass(frozen=True)
class Ldap:
    """The directory of the settings. `prefix`: where relative paths start."""

    settings: LdapSettings
    prefix: Path

    @property
    def source(self) -> Source:
        """Return the mark of its accounts."""
        return "ldap"

    @property
    def title(self) -> str:
        """Return its name for people."""
        return self.settings.title or "Your organisation's directory"

    def authenticate(self, name: str, password: str) -> Identity | None:
        """Return the person; None where the directory refuses. Raises UnavailableError where no server says."""
        if not usable(name, password):
            return None
        for uri in self.settings.uri:
            try:
                with LdapSession(self.settings, uri) as session:
                    session.connect()
                    session.secure()
                    return self._identified(session, name, password)
            except DirectoryError as error:
                log.error("the directory does not answer as it should", extra={"reason": str(error)})  # noqa: TRY400 - the reason says it all
        raise away(self.title)

    def _identified(self, session: LdapSession, name: str, password: str) -> Identity | None:
        if self.settings.direct_bind:
            bound = in_bind_name(self.settings.direct_bind, name)
            if not session.bind(bound, password):
                return None
            entry = self.entry(session, name)
            if entry is not None and "=" in bound and group_key(bound) != group_key(entry[0]):
                raise DirectoryError(f"{session.uri}: DIRECT_BIND and USER_SEARCH mean different entries by {name!r}")
            return self.identity(session, entry, name) if entry else None
        self.bind_service(session)
        entry = self.entry(session, name)
        if entry is None or disabled(entry[1]):
            return None
        identity = self.identity(session, entry, name)
        # Last: from here on the connection is the person's.
        return identity if session.bind(entry[0], password) else None

    def bind_service(self, session: LdapSession) -> None:
        """Bind as BIND_DN, or as anonymous; raise DirectoryError where the directory refuses."""
        if not session.bind(self.settings.bind_dn, secret_of(self.settings, self.prefix)):
            raise DirectoryError(f"{session.uri}: refuses {self.settings.bind_dn or 'anonymous visitors'}")

    def entry(self, session: LdapSession, name: str) -> Entry | None:
        """Return the one entry of this name; None where there is none.

        Raises:
            DirectoryError: there are several, so that nobody can say who signs in.
        """
        search, keys = self.settings.user_search, self.settings.key_map
        wanted = [keys.username or "sAMAccountName", "uid", keys.email, keys.name, "memberOf", "userAccountControl"]
        found = session.search(
            search.base, in_filter(search.filter, username=name), [*dict.fromkeys([*wanted, *IDS])], limit=2
        )
        if len(found) > 1:
            raise DirectoryError(f"{session.uri}: the filter finds several entries for {name!r}; make it narrower")
        return found[0] if found else None

    def identity(self, session: LdapSession, entry: Entry, typed: str) -> Identity:
        """Return the person of an entry.

        Raises:
            DirectoryError: the entry has no user name.
        """
        dn, values = entry
        keys = self.settings.key_map
        spelled = _texts(values, keys.username) if keys.username else _texts(values, "sAMAccountName", "uid")
        if not spelled:
            raise DirectoryError(f"{session.uri}: {dn} has no attribute that KEY_MAP.username names")
        name = next((value for value in spelled if value.casefold() == typed.casefold()), spelled[0])
        return Identity(
            name=name,
            subject=_subject(values),
            full_name=_first(values, keys.name),
            email=_first(values, keys.email),
            groups=self._groups(session, entry, name),
        )

    def _groups(self, session: LdapSession, entry: Entry, name: str) -> frozenset[str]:
        dn, values = entry
        search = self.settings.group_search
        if not search.base:
            return frozenset(_keys(_texts(values, "memberOf")))
        found = session.search(search.base, in_filter(search.filter, dn=dn, username=name), ["cn"], MAX_GROUPS)
        # Short names only here: below this base one cn is one group, which nobody promises for the whole directory.
        # One that looks like a DN could pass for another group.
        short = (text for _, texts in found for text in _texts(texts, "cn") if "=" not in text)
        return frozenset(_keys([*(dn for dn, _ in found), *short]))


def disabled(values: Mapping[str, list[bytes]]) -> bool:
    """Return whether Active Directory has switched the account off."""
    flags = _first(values, "userAccountControl")
    return flags.isdigit() and bool(int(flags) & DISABLED)


def _keys(groups: Iterable[str]) -> Iterator[str]:
    for group in groups:
        try:
            yield group_key(group)
        except ValueError:
            log.warning("a group of the directory has an odd name", extra={"group": ascii(group)[:100]})


def _texts(values: Mapping[str, list[bytes]], *attributes: str) -> list[str]:
    """Return the values of the first of these attributes that has any."""
    for attribute in attributes:
        found = [value.decode("utf-8", "replace") for value in values.get(attribute.lower(), []) if value]
        if found:
            return found
    return []


def _first(values: Mapping[str, list[bytes]], attribute: str) -> str:
    return next(iter(_texts(values, attribute)), "")


def _subject(values: Mapping[str, list[bytes]]) -> str:
    for attribute in IDS:
        for value in values.get(attribute.lower(), []):
            printable = value.isascii() and value.decode("ascii", "replace").isprintable()
            return f"{attribute}:{value.decode() if printable else value.hex()}"
    return ""
