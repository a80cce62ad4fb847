# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to a session without a password that works: a reset link, and registration."""

from __future__ import annotations

from flask import flash, request
from werkzeug.wrappers import Response

from wakari.accounts.reset import PATH as RESET
from wakari.core.errors import AppError, BadInputError
from wakari.server import who
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import back, field, page
from wakari.server.services import services

REGISTER = "/login/register"
FORGOT = "/login/forgot"
KEPT = ("name", "full_name", "email")


@blueprint.get(RESET)
def reset_form() -> tuple[str, int]:
    """Return the form. The code stands behind the `#` of the address, which no browser sends: a script fills it in."""
    return _reset()


@blueprint.post(RESET)
def reset() -> Response | tuple[str, int]:
    """Set the password of whom the code is for."""
    try:
        user = services().resets.redeem(_code(), _twice(), address=who.address())
    except AppError as error:
        return _reset(error.status, error=error, code="" if error.code == "reset_link_invalid" else _code())
    flash(f"The password of {user.name} is set. Sign in with it.", "good")
    return back("/login")


@blueprint.get(FORGOT)
def forgot_form() -> tuple[str, int]:
    """Return the form."""
    return page("login_forgot.html", mail=services().outbox.on)


@blueprint.post(FORGOT)
def forgot() -> tuple[str, int]:
    """Send a link to the person's address, and say the same whether there is such a person."""
    try:
        services().reset_mail.ask(field("username", 64), who.address())
    except AppError as error:
        return page("login_forgot.html", error.status, mail=services().outbox.on, error=error)
    return page("login_forgot.html", mail=True, asked=True)


@blueprint.get(REGISTER)
def register_form() -> tuple[str, int]:
    """Return the form, or that nobody can register."""
    return _register()


@blueprint.post(REGISTER)
def register() -> Response | tuple[str, int]:
    """Take a registration; one that is refused stands in the form again, without its password."""
    try:
        state = services().registrations.register(
            field("name", 64), _twice(), field("full_name"), field("email"), address=who.address()
        )
    except AppError as error:
        return _register(error.status, error=error, form={name: field(name, 254) for name in KEPT})
    if state == "waiting":
        return page("login_waiting.html", name=field("name", 64))
    flash("Your account is made. Sign in with it.", "good")
    return back("/login")


def _code() -> str:
    # The whole link is as good as the part behind its `#`.
    return field("code", 500).rpartition("#")[2]


def _twice() -> str:
    """Return the new password; raise BadInputError where it was not typed the same way twice."""
    new = request.form.get("new", "")
    if new != request.form.get("again", ""):
        raise BadInputError("password_differs", "The two passwords differ.", hint="Type both again.")
    return new


def _reset(status: int = 200, **context: object) -> tuple[str, int]:
    least = services().site.get().password_min_length
    return page("login_reset.html", status, least=least, **context)


def _register(status: int = 200, **context: object) -> tuple[str, int]:
    site = services().site.get()
    return page(
        "login_register.html",
        status,
        is_open=site.open_registration,
        approval=site.registration_approval,
        least=site.password_min_length,
        **context,
    )
