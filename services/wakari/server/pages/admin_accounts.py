# SPDX-License-Identifier: GPL-3.0-or-later
"""Administration of how people come to an account and a password: registration, the policy, reset links."""

from __future__ import annotations

from werkzeug.wrappers import Response

from wakari.access import Action
from wakari.core.errors import AppError
from wakari.projects.site import LEAST_PASSWORD, MOST_PASSWORD
from wakari.server import who
from wakari.server.api.users import require_changeable
from wakari.server.pages.admin import needs
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import attempt, back, field, me, page
from wakari.server.services import services

ACCOUNTS = "/admin/accounts"
RESET = "/admin/password-reset"
SHOWN = 200


@blueprint.get(ACCOUNTS)
@needs(Action.USER_READ)
def admin_accounts() -> tuple[str, int]:
    """Return the rules, and who waits for an administrator."""
    store = services().store
    return page(
        "admin/accounts.html",
        tab="accounts",
        found=services().site.get(),
        shortest=(LEAST_PASSWORD, MOST_PASSWORD),
        waiting=store.registrations.page("", SHOWN),
        count=store.registrations.count(),
    )


@blueprint.post(ACCOUNTS)
@needs(Action.SETTING_WRITE)
def admin_change_accounts() -> Response:
    """Change the rules."""
    length = field("password_min_length", 4)
    fields = {
        "open_registration": bool(field("open_registration")),
        "registration_approval": bool(field("registration_approval")),
        "password_min_length": int(length) if length.isdecimal() else 0,
    }
    actor = me().user.name
    attempt(lambda: services().site.change(fields, actor=actor, address=who.address()), "The rules are changed.")
    return back(ACCOUNTS)


@blueprint.post(f"{ACCOUNTS}/decide")
@needs(Action.USER_WRITE)
def admin_decide() -> Response:
    """Make the account of a registration, or forget it."""
    name, actor, registrations = field("name", 64), me().user.name, services().registrations
    if field("approve"):
        attempt(lambda: registrations.approve(name, actor=actor, address=who.address()), f"{name} can sign in now.")
    else:
        attempt(lambda: registrations.reject(name, actor=actor, address=who.address()), f"{name} is forgotten.")
    return back(ACCOUNTS)


@blueprint.get(RESET)
@needs(Action.USER_WRITE)
def admin_password_reset() -> tuple[str, int]:
    """Return the form."""
    return _reset_page()


@blueprint.post(RESET)
@needs(Action.USER_WRITE)
def admin_make_reset_link() -> tuple[str, int]:
    """Make a link and show it this once, in the answer itself."""
    name = field("name", 64)
    try:
        user = require_changeable(me().caller, name)
        if field("mail"):
            services().reset_mail.send(user, actor=me().user.name, address=who.address())
            return _reset_page(mailed=user.email, name=name)
        link = services().resets.make(name, actor=me().user.name, address=who.address())
    except AppError as error:
        return _reset_page(error.status, error=error, name=name)
    return _reset_page(link=link, name=name)


def _reset_page(status: int = 200, **context: object) -> tuple[str, int]:
    return page("admin/password_reset.html", status, tab="password-reset", mail=services().outbox.on, **context)
