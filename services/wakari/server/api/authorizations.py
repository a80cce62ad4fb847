# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/v1/authorizations: the gateways that act for a person, each in one browser."""

from __future__ import annotations

from wakari.access import Action, Caller, require_site
from wakari.server import who
from wakari.server.api.models.authorizations import AuthorizationOut, RevokedOut
from wakari.server.api.present import Places
from wakari.server.api.routing import Page, Window, page_of_all
from wakari.server.api.table import TABLE
from wakari.server.services import services


@TABLE.add(
    "GET",
    "/authorizations",
    "List the browsers in which gateways act for oneself",
    action=Action.AUTHORIZATION_OWN,
    answer=AuthorizationOut,
    paged=True,
)
def index(caller: Caller, window: Window) -> Page[AuthorizationOut]:
    """Return the living ones, the one used last first."""
    return _listed(caller.name, window)


@TABLE.add(
    "DELETE",
    "/authorizations/{authorization}",
    "Revoke one of one's own authorizations, and sign its browser out",
    action=Action.AUTHORIZATION_OWN,
    status=204,
    errors=(404,),
)
def revoke(caller: Caller, authorization: str) -> None:
    """End it, and what is open by it."""
    services().authorizations.revoke(caller.name, authorization, address=who.address())


@TABLE.add(
    "POST",
    "/authorizations/revoke",
    "Revoke all of one's own authorizations, and sign all browsers out",
    action=Action.AUTHORIZATION_OWN,
    answer=RevokedOut,
)
def revoke_all(caller: Caller) -> RevokedOut:
    """Return how many there were."""
    return RevokedOut(revoked=services().authorizations.revoke_all(caller.name, address=who.address()))


@TABLE.add(
    "GET",
    "/users/{user}/authorizations",
    "List the browsers in which gateways act for a person",
    action=Action.AUTHORIZATION_ALL,
    answer=AuthorizationOut,
    paged=True,
    errors=(404,),
)
def of_person(caller: Caller, window: Window, user: str) -> Page[AuthorizationOut]:
    """Return the living ones, the one used last first."""
    require_site(caller, Action.AUTHORIZATION_ALL)
    return _listed(services().accounts.get(user).name, window)


@TABLE.add(
    "DELETE",
    "/users/{user}/authorizations/{authorization}",
    "Revoke an authorization of a person, and sign its browser out",
    action=Action.AUTHORIZATION_ALL,
    status=204,
    errors=(404,),
)
def revoke_of_person(caller: Caller, user: str, authorization: str) -> None:
    """End it, and what is open by it."""
    require_site(caller, Action.AUTHORIZATION_ALL)
    services().authorizations.revoke(user, authorization, actor=caller.name, address=who.address())


@TABLE.add(
    "POST",
    "/users/{user}/authorizations/revoke",
    "Revoke all authorizations of a person, and sign all their browsers out",
    action=Action.AUTHORIZATION_ALL,
    answer=RevokedOut,
    errors=(404,),
)
def revoke_all_of_person(caller: Caller, user: str) -> RevokedOut:
    """Return how many there were."""
    require_site(caller, Action.AUTHORIZATION_ALL)
    name = services().accounts.get(user).name
    return RevokedOut(revoked=services().authorizations.revoke_all(name, actor=caller.name, address=who.address()))


def _listed(user: str, window: Window) -> Page[AuthorizationOut]:
    places = Places()
    found = services().authorizations.of(user)
    return page_of_all(
        found, window, lambda one: one.id, lambda one: AuthorizationOut.of(one, places.data_center(one.data_center))
    )
