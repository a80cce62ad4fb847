# SPDX-License-Identifier: GPL-3.0-or-later
"""One's own account: profile, password, API tokens, security log."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from wakari.core.errors import AppError, BadInputError
from wakari.server import who
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import attempt, back, field, me, page, signed_in
from wakari.server.services import services

HERE = "/settings"
LOG_LINES = 20
LIFETIMES = {"1": "1 day", "30": "30 days", "90": "90 days", "365": "1 year"}
DAY = 86400


@blueprint.get(HERE)
@signed_in
def account() -> tuple[str, int]:
    """Return the page."""
    return _page()


@blueprint.post(f"{HERE}/profile")
@signed_in
def change_profile() -> Response:
    """Change full name and e-mail."""
    name = me().user.name
    attempt(
        lambda: services().accounts.set_profile(name, full_name=field("full_name"), email=field("email")),
        "Your profile is changed.",
    )
    return back(HERE)


@blueprint.post(f"{HERE}/password")
@signed_in
def change_password() -> Response:
    """Change the password; other sessions end."""
    new = request.form.get("new", "")

    def change() -> None:
        if new != request.form.get("again", ""):
            raise BadInputError("password_differs", "The two new passwords differ.", hint="Type both again.")
        services().accounts.change_password(
            me().user,
            request.form.get("current", ""),
            new,
            address=who.address(),
            keep_session=me().session.id,
        )

    attempt(change, "Your password is changed. Your other sessions have ended.")
    return back(HERE)


@blueprint.post(f"{HERE}/tokens")
@signed_in
def create_token() -> Response | tuple[str, int]:
    """Make a token and show it this once, in the answer itself."""
    days = field("days")
    if days not in LIFETIMES:
        return back(HERE)
    try:
        secret, _ = services().sign_in.issue_token(me().user, field("name", 100), int(days) * DAY, who.address())
    except AppError as error:
        return _page(error=error)
    return _page(secret=secret)


@blueprint.post(f"{HERE}/tokens/revoke")
@signed_in
def revoke_token() -> Response:
    """End a token."""
    name, token = me().user.name, field("token", 64)
    attempt(lambda: services().sign_in.revoke_token(name, token, who.address()), "The token is revoked.")
    return back(HERE)


def _page(secret: str = "", error: AppError | None = None) -> tuple[str, int]:
    name = me().user.name
    return page(
        "account.html",
        tokens=services().store.tokens.of(name),
        events=services().store.audit.latest(LOG_LINES, actor=name),
        lifetimes=LIFETIMES,
        secret=secret,
        error=error,
    )
