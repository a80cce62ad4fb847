# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything a request needs, put together once per process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from flask import current_app

from wakari.accounts import Accounts, Authorizations, Bans, Offboarding, Registrations, Resets, SignIn, SshKeys
from wakari.accounts.backends.choice import directory_settings, password_backend
from wakari.accounts.backends.oidc import Oidc
from wakari.accounts.directory import Directory
from wakari.fleet import Fleet
from wakari.mail import Outbox, ResetMail
from wakari.projects import (
    Creation,
    DeadLetters,
    Groups,
    Lifecycle,
    Moving,
    Reports,
    SiteChange,
    Sites,
    Social,
    Status,
    StopApp,
    Team,
    Transfer,
)
from wakari.projects.lifecycle import queue_permissions_of, queue_settings_of
from wakari.projects.saved_searches import SavedSearches
from wakari.projects.search import Searches
from wakari.server.settings import ServerSettings
from wakari.store import Store, connect
from wakari.store.sealed import Sealer

EXTENSION = "wakari"


@dataclass(frozen=True)
class Services:
    """The domain, ready to use."""

    settings: ServerSettings
    store: Store
    sites: Sites
    accounts: Accounts
    ssh_keys: SshKeys
    bans: Bans
    resets: Resets
    registrations: Registrations
    offboarding: Offboarding
    outbox: Outbox
    reset_mail: ResetMail
    sign_in: SignIn
    authorizations: Authorizations
    oidc: Oidc | None
    creation: Creation
    lifecycle: Lifecycle
    dead_letters: DeadLetters
    team: Team
    transfer: Transfer
    moving: Moving
    social: Social
    groups: Groups
    site: SiteChange
    reports: Reports
    status: Status
    stop_app: StopApp
    fleet: Fleet
    searches: Searches
    saved_searches: SavedSearches


def build(settings: ServerSettings) -> Services:
    """Return the services; raise SettingsError where a secret is missing. Does not wait for MongoDB."""
    sealer = Sealer(settings.secret_key())
    store = connect(settings.mongodb_uri(), settings.mongodb_database)
    sites = Sites(store, sealer)
    accounts, team, transfer = Accounts(store), Team(store), Transfer(store)
    bans = Bans(store, lambda user, actor, tx: queue_permissions_of(store, user, actor, tx))
    resets, outbox = Resets(store, accounts, settings.url), Outbox(store, sealer, settings.mail)
    groups = Groups(store)
    directory = Directory(store, accounts, groups, directory_settings(settings))
    backend = password_backend(settings, settings.prefix)
    sign_in = SignIn(store, settings.session_lifetime, settings.session_idle, directory, backend)
    return Services(
        settings=settings,
        store=store,
        sites=sites,
        status=Status(store, sites),
        stop_app=StopApp(store, sites),
        fleet=Fleet(store, settings.fleet_dir),
        accounts=accounts,
        searches=Searches(store, sites),
        saved_searches=SavedSearches(store),
        ssh_keys=SshKeys(store, lambda user, actor, tx: queue_settings_of(store, user, actor, tx)),
        resets=resets,
        registrations=Registrations(store, accounts),
        bans=bans,
        outbox=outbox,
        reset_mail=ResetMail(store, resets, outbox),
        offboarding=Offboarding(store, accounts, bans, transfer.transfer, team.leave_all),
        sign_in=sign_in,
        authorizations=Authorizations(store, sign_in),
        oidc=_oidc(settings),
        creation=Creation(store, settings.default_project_public),
        lifecycle=Lifecycle(store),
        dead_letters=DeadLetters(store),
        team=team,
        transfer=transfer,
        moving=Moving(store),
        social=Social(store),
        groups=groups,
        site=SiteChange(store),
        reports=Reports(store, timedelta(seconds=settings.permission_check_interval)),
    )


def _oidc(settings: ServerSettings) -> Oidc | None:
    if settings.accounts != "oidc" or settings.oidc is None:
        return None
    return Oidc(settings.oidc, settings.prefix, f"{settings.url}/login/oidc/callback")


def services() -> Services:
    """Return the services of the application that handles the current request."""
    return cast("Services", current_app.extensions[EXTENSION])
