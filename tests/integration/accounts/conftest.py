# SPDX-License-Identifier: GPL-3.0-or-later
"""The server with another backend than its own database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.accounts.slapd import BASE, GROUPS, PEOPLE, SERVICE, SERVICE_PASSWORD, Slapd
from tests.serverkit import Kit
from wakari.server.app import create_app
from wakari.server.services import EXTENSION
from wakari.server.settings import ServerSettings

Site = Callable[..., Kit]


@pytest.fixture(scope="session")
def running_slapd() -> Iterator[Slapd]:
    """One directory a run, filled with its folders."""
    slapd = Slapd()
    try:
        slapd.start()
        slapd.fill()
        yield slapd
    finally:
        slapd.remove()


@pytest.fixture
def slapd(running_slapd: Slapd) -> Slapd:
    """The directory without people and groups."""
    for base in (GROUPS, PEOPLE):
        with running_slapd.connection() as directory:
            directory.search(base, "(objectClass=*)", "LEVEL")
            for entry in [item["dn"] for item in directory.response]:
                assert directory.delete(entry), directory.result
    return running_slapd


@pytest.fixture
def ldap_settings(slapd: Slapd, tmp_path: Path) -> dict[str, Any]:
    """The key LDAP as an administrator would write it."""
    (tmp_path / "prefix/etc/wakari").mkdir(parents=True, exist_ok=True)
    (tmp_path / "prefix/etc/wakari/ldap-bind-password").write_text(SERVICE_PASSWORD + "\n")
    return {
        "URI": slapd.uri,
        "TLS_CACERT": slapd.authority,
        "BIND_DN": SERVICE,
        "BIND_AUTH_FILE": "etc/wakari/ldap-bind-password",
        "USER_SEARCH": {"base": BASE, "filter": "(uid=%(username)s)"},
        "GROUP_SEARCH": {"base": GROUPS, "filter": "(member=%(dn)s)"},
        "TITLE": "Example directory",
        "TIMEOUT": 2,
    }


@pytest.fixture
def site(settings: ServerSettings, ldap_settings: dict[str, Any]) -> Iterator[Site]:
    """Makes servers whose settings differ from the directory's by what is given."""
    made: list[Kit] = []

    def make(**changes: Any) -> Kit:
        values = settings.model_dump(by_alias=False, exclude={"apps"})
        wanted = {**ldap_settings, **changes}
        values |= {"accounts": "ldap", "ldap": {key: value for key, value in wanted.items() if value is not None}}
        app = create_app(ServerSettings.model_validate(values))
        made.append(Kit(app, app.extensions[EXTENSION]))
        return made[-1]

    yield make
    for kit in made:
        kit.services.store.close()
