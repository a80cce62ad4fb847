# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of the backends (docs/accounts.md). Names are those of the original where it has them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from wakari.accounts.backends.names import group_key
from wakari.core import names
from wakari.core.errors import BadInputError
from wakari.core.settings import Settings
from wakari.store.records import Source

# The original's plug-ins, so that a settings file of an old site is read as it was meant.
PLUGINS = {
    "wk_server.plugins.accounts.ldap2": "ldap",
    "wk_server.plugins.accounts.pam": "pam",
}
TITLES = {"ldap": "your organisation's directory", "pam": "the server's system", "oidc": "your identity provider"}
FIELD = re.compile(r"%\((\w+)\)s|%")


def _plugin(value: object) -> object:
    return PLUGINS.get(value, value) if isinstance(value, str) else value


def _our_group(value: str) -> str:
    try:
        return names.group_name(value)
    except BadInputError as error:
        raise ValueError(f"{error.message} {error.hint}") from error


def _uris(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _issuer(value: str) -> str:
    parts = urlsplit(value)
    here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if not parts.hostname or parts.query or parts.fragment or not (parts.scheme == "https" or here):
        raise ValueError("use the provider's issuer, exactly as it writes it: https://host[/path]")
    return value


def _ldap_uri(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"ldap", "ldaps"} or not parts.hostname or parts.path not in {"", "/"} or parts.query:
        raise ValueError("use ldap://host[:port] or ldaps://host[:port]")
    return value


Plugin = Annotated[Source, BeforeValidator(_plugin)]
GroupKey = Annotated[str, AfterValidator(group_key)]
OurGroup = Annotated[str, AfterValidator(_our_group)]
LdapUri = Annotated[str, AfterValidator(_ldap_uri)]


class DirectorySettings(Settings):
    """What every backend but the local one has: its name for people, and what its groups give."""

    title: str = Field(default="", max_length=60, alias="TITLE")
    group_map: dict[GroupKey, OurGroup] = Field(default={}, alias="GROUP_MAP")
    staff_groups: frozenset[GroupKey] = Field(default=frozenset(), alias="STAFF_GROUPS")
    superuser_groups: frozenset[GroupKey] = Field(default=frozenset(), alias="SUPERUSER_GROUPS")


def template(*known: str) -> AfterValidator:
    """Return a check of a text with `%(name)s` in it: the first of `known` must be there, and no other than `known`."""

    def check(value: str) -> str:
        found = {match[1] for match in FIELD.finditer(value)}
        if value and (known[0] not in found or not found <= set(known)):
            raise ValueError(f"use {' and '.join(f'%({name})s' for name in known)} in it, and no other %")
        return value

    return AfterValidator(check)


class UserSearch(Settings):
    """Where and how a person's entry is found."""

    base: str = ""
    filter: Annotated[str, template("username")] = "(sAMAccountName=%(username)s)"


class GroupSearch(Settings):
    """Where and how the groups of an entry are found; without a base its `memberOf` is read instead."""

    base: str = ""
    filter: str = Field(default="(|(member=%(dn)s)(uniqueMember=%(dn)s)(memberUid=%(username)s))")

    @model_validator(mode="after")
    def _known_fields(self) -> Self:
        if not {match[1] for match in FIELD.finditer(self.filter)} <= {"dn", "username"}:
            raise ValueError("the filter knows %(dn)s and %(username)s, and no other %")
        return self


class KeyMap(Settings):
    """Which attribute says what. Without `username`: sAMAccountName, or uid where an entry has none."""

    username: str = ""
    email: str = "mail"
    name: str = "cn"


class LdapSettings(DirectorySettings):
    """An LDAP directory or Active Directory."""

    uri: Annotated[tuple[LdapUri, ...], BeforeValidator(_uris), Field(min_length=1)] = Field(alias="URI")
    start_tls: bool = Field(default=True, alias="START_TLS")
    tls_verify: bool = Field(default=True, alias="TLS_VERIFY")
    tls_cacert: Path | None = Field(default=None, alias="TLS_CACERT")
    timeout: int = Field(default=5, ge=1, le=60, alias="TIMEOUT")
    bind_dn: str = Field(default="", alias="BIND_DN")
    bind_auth: str = Field(default="", alias="BIND_AUTH", repr=False)
    bind_auth_file: Path | None = Field(default=None, alias="BIND_AUTH_FILE")
    direct_bind: Annotated[str, template("username")] = Field(default="", alias="DIRECT_BIND")
    user_search: UserSearch = Field(default=UserSearch(), alias="USER_SEARCH")
    key_map: KeyMap = Field(default=KeyMap(), alias="KEY_MAP")
    group_search: GroupSearch = Field(default=GroupSearch(), alias="GROUP_SEARCH")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.bind_auth and self.bind_auth_file:
            raise ValueError("BIND_AUTH and BIND_AUTH_FILE say the same twice; leave one out")
        if self.bind_dn and not (self.bind_auth or self.bind_auth_file):
            raise ValueError("BIND_DN needs its password in BIND_AUTH_FILE or BIND_AUTH")
        if not self.user_search.base:
            raise ValueError("USER_SEARCH.base is missing: the DN below which people are")
        return self


class PamSettings(DirectorySettings):
    """The accounts of the server node's own system."""

    service: str = Field(default="wakari", pattern=r"^[a-z][a-z0-9_-]{0,30}$", alias="SERVICE")
    socket: Path = Field(default=Path("/run/wakari-pam.sock"), alias="SOCKET")
    timeout: int = Field(default=20, ge=1, le=60, alias="TIMEOUT")  # pam_unix waits 2 s and more after a wrong one


class Claims(Settings):
    """Which claim says what."""

    username: str = "preferred_username"
    name: str = "name"
    email: str = "email"
    groups: str = "groups"


class OidcSettings(DirectorySettings):
    """An OpenID Connect provider."""

    issuer: Annotated[str, AfterValidator(_issuer)] = Field(alias="ISSUER")
    client_id: str = Field(min_length=1, alias="CLIENT_ID")
    client_secret: str = Field(default="", alias="CLIENT_SECRET", repr=False)
    client_secret_file: Path | None = Field(default=None, alias="CLIENT_SECRET_FILE")
    token_endpoint_auth_method: Literal["client_secret_basic", "client_secret_post"] = Field(
        default="client_secret_basic", alias="TOKEN_ENDPOINT_AUTH_METHOD"
    )
    scope: str = Field(default="openid profile email", pattern=r"(^| )openid( |$)", alias="SCOPE")
    claims: Claims = Field(default=Claims(), alias="CLAIMS")
    tls_cacert: Path | None = Field(default=None, alias="TLS_CACERT")
    timeout: int = Field(default=5, ge=1, le=60, alias="TIMEOUT")


class BackendSettings(Settings):
    """The switch and the settings of what it chooses from."""

    accounts: Plugin = "local"
    ldap: LdapSettings | None = Field(default=None, alias="LDAP")
    pam: PamSettings = Field(default=PamSettings(), alias="PAM")
    oidc: OidcSettings | None = Field(default=None, alias="OIDC")

    def title_of(self, source: Source) -> str:
        """Return what people call the place of an account's password; empty for our own database."""
        if source == "local":
            return ""
        chosen = self.chosen() if source == self.accounts else None
        return (chosen.title if chosen else "") or TITLES[source]

    def chosen(self) -> DirectorySettings | None:
        """Return the settings of the chosen backend; None for the local one."""
        return {"local": None, "ldap": self.ldap, "pam": self.pam, "oidc": self.oidc}[self.accounts]

    @model_validator(mode="after")
    def _chosen_is_there(self) -> Self:
        if self.accounts == "ldap" and self.ldap is None:
            raise ValueError('"accounts" is "ldap", so the key "LDAP" must say where the directory is')
        if self.accounts == "oidc" and self.oidc is None:
            raise ValueError('"accounts" is "oidc", so the key "OIDC" must say who the provider is')
        return self
