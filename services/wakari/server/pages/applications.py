# SPDX-License-Identifier: GPL-3.0-or-later
"""Authorized applications: the gateways that act for a person, each in one browser; one's own, and another person's."""

from __future__ import annotations

from flask import url_for
from werkzeug.wrappers import Response

from wakari.access import Action
from wakari.server import who
from wakari.server.api.present import Places
from wakari.server.pages.admin import needs
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import attempt, back, field, me, page, signed_in
from wakari.server.services import services
from wakari.store.records import Authorization

HERE = "/settings/applications"
REVOKED = "The authorization is revoked: what was open by it is closed."


@blueprint.get(HERE)
@signed_in
def applications() -> tuple[str, int]:
    """Return the page."""
    found = applications_of(me().user.name)
    return page("applications.html", applications=found, ssh=services().settings.ssh_keys)


@blueprint.post(f"{HERE}/revoke")
@signed_in
def revoke_application() -> Response:
    """Take one authorization back; of another browser the sign-in too."""
    name, one, here = me().user.name, field("authorization", 64), me().session.id
    attempt(lambda: services().authorizations.revoke(name, one, keep=here, address=who.address()), REVOKED)
    return back(HERE)


@blueprint.post(f"{HERE}/revoke-all")
@signed_in
def revoke_applications() -> Response:
    """Take all back and sign all other browsers out."""
    name, here = me().user.name, me().session.id
    attempt(
        lambda: services().authorizations.revoke_all(name, keep=here, address=who.address()),
        "All authorizations are revoked, and your other browsers are signed out.",
    )
    return back(HERE)


@blueprint.post("/admin/users/<name>/applications/revoke")
@needs(Action.AUTHORIZATION_ALL)
def admin_revoke_application(name: str) -> Response:
    """Take an authorization of a person back, and sign its browser out."""
    one, actor = field("authorization", 64), me().user.name
    attempt(lambda: services().authorizations.revoke(name, one, actor=actor, address=who.address()), REVOKED)
    return back(url_for("pages.admin_person", name=name))


def applications_of(user: str) -> list[tuple[Authorization, str]]:
    """Return a person's living authorizations, the one used last first, each with the name of its data center.

    The name is empty where the data center is not known: the sign-in is from before the last upgrade.
    """
    places = Places()
    found = services().authorizations.of(user)
    return [(one, place.name if (place := places.data_center(one.data_center)) else "") for one in found]
