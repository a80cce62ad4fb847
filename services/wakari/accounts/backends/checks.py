# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a backend works, step by step, for administrators (`wk-server-admin check-accounts`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wakari.accounts.backends.ldap import Ldap, disabled
from wakari.accounts.backends.ldap_session import DirectoryError, LdapSession
from wakari.accounts.backends.names import group_key
from wakari.accounts.backends.oidc import Attempt, Oidc
from wakari.accounts.backends.pam import Pam, PamError
from wakari.accounts.backends.settings import BackendSettings, DirectorySettings
from wakari.core.errors import AppError


@dataclass(frozen=True)
class Step:
    """One step: its name, whether it went well, what it showed."""

    name: str
    good: bool
    said: str


def check(settings: BackendSettings, prefix: Path, user: str = "", password: str = "") -> list[Step]:
    """Return the steps of the chosen backend, up to the first failure on each server.

    `user`: look this person up too; `password`: try it. Nothing is written.
    """
    if settings.accounts == "ldap" and settings.ldap is not None:
        backend = Ldap(settings.ldap, prefix)
        return [step for uri in settings.ldap.uri for step in _ldap(backend, uri, user, password)]
    if settings.accounts == "pam":
        return list(_pam(Pam(settings.pam), user, password))
    if settings.accounts == "oidc" and settings.oidc is not None:
        return list(_oidc(Oidc(settings.oidc, prefix, "")))
    return [Step("accounts", good=True, said="local: passwords are checked in our own database")]


def _ldap(backend: Ldap, uri: str, user: str, password: str) -> Iterator[Step]:
    name = "connect"
    try:
        with LdapSession(backend.settings, uri) as session:
            session.connect()
            yield Step(name, good=True, said=uri)
            name = "tls"
            yield Step(name, good=True, said=session.secure())
            name = "bind"
            if backend.settings.direct_bind and not backend.settings.bind_dn:
                yield Step(name, good=True, said=f"each person as {backend.settings.direct_bind}")
            else:
                backend.bind_service(session)
                yield Step(name, good=True, said=f"as {backend.settings.bind_dn or 'anonymous'}")
            if user:
                name = "search"
                yield from _person(backend, session, user, password)
    except DirectoryError as error:
        yield Step(name, good=False, said=str(error))


def _pam(backend: Pam, user: str, password: str) -> Iterator[Step]:
    settings = backend.settings
    try:
        # Without a person: a name that nobody has shows whether PAM answers at all.
        found = backend.ask(user or "wakari-check", password or "no password")
    except PamError as error:
        yield Step("ask", good=False, said=str(error))
        return
    yield Step("ask", good=True, said=f"PAM service {settings.service} answers at {settings.socket}")
    if user and password:
        yield Step("password", good=found is not None, said="accepted" if found else "refused")
        if found:
            yield from _groups(settings, frozenset(group_key(group) for group in found["groups"] if "=" not in group))


def _oidc(backend: Oidc) -> Iterator[Step]:
    try:
        url = backend.address(Attempt.new())
    except AppError as error:
        yield Step("discover", good=False, said=f"{error.message} server.log and standard error have the reason.")
        return
    yield Step("discover", good=True, said=url.split("?", 1)[0])


def _person(backend: Ldap, session: LdapSession, user: str, password: str) -> Iterator[Step]:
    found = backend.entry(session, user)
    if found is None:
        search = backend.settings.user_search
        yield Step("search", good=False, said=f"nobody below {search.base} fits {search.filter} for {user!r}")
        return
    yield Step("search", good=not disabled(found[1]), said=found[0] + (" (disabled)" if disabled(found[1]) else ""))
    identity = backend.identity(session, found, user)
    yield Step("name", good=True, said=f"{identity.name} <{identity.email}> {identity.full_name}")
    yield from _groups(backend.settings, identity.groups)
    if password:
        good = session.bind(found[0], password)
        yield Step("password", good=good, said="accepted" if good else "refused")


def _groups(settings: DirectorySettings, groups: frozenset[str]) -> Iterator[Step]:
    yield Step("groups", good=True, said=", ".join(sorted(groups)) or "none")
    gives = sorted({ours for theirs, ours in settings.group_map.items() if theirs in groups})
    gives += ["staff"] * bool(settings.staff_groups & groups) + ["superuser"] * bool(settings.superuser_groups & groups)
    yield Step("gives", good=True, said=", ".join(gives) or "nothing")
