# SPDX-License-Identifier: GPL-3.0-or-later
"""One's own account: profile, password, API tokens, SSH keys, security log."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import flash, request
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
    """Change full name and e-mail; the present password confirms a new address, to which reset links go."""
    user, email = me().user, field("email")

    def change() -> None:
        if user.source == "local" and email != user.email:
            services().sign_in.confirm(user, request.form.get("current", ""), who.address())
        services().accounts.set_profile(
            user.name, full_name=field("full_name"), email=email, actor=user.name, address=who.address()
        )

    attempt(change, "Your profile is changed.")
    return back(HERE)


@blueprint.post(f"{HERE}/password")
@signed_in
def change_password() -> Response:
    """Change the password; other sessions end."""
    new = request.form.get("new", "")

    def change() -> None:
        if new != request.form.get("again", ""):
            raise BadInputError("password_differs", "The two new passwords differ.", hint="Type both again.")
        services().sign_in.confirm(me().user, request.form.get("current", ""), who.address())
        services().accounts.set_password(
            me().user.name, new, actor=me().user.name, address=who.address(), keep_session=me().session.id
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


@blueprint.post(f"{HERE}/ssh-keys")
@signed_in
def add_ssh_key() -> Response | tuple[str, int]:
    """Add a public key; a refused one is not lost: it stands in the form again, unless it is a private one."""
    text = request.form.get("key", "")[:8000]
    try:
        key = services().ssh_keys.add(me().user, field("name", 200), text, address=who.address())
    except AppError as error:
        private = error.code == "ssh_key_private"
        return _page(error=error, form={"name": field("name", 200), "key": "" if private else text})
    flash(f"The SSH key {key.name} is added. It reaches the nodes of your projects within seconds.", "good")
    return back(HERE)


@blueprint.post(f"{HERE}/ssh-keys/remove")
@signed_in
def remove_ssh_key() -> Response:
    """Remove a public key."""
    key = field("key", 64)
    attempt(
        lambda: services().ssh_keys.remove(me().user, key, address=who.address()),
        "The SSH key is removed. It leaves the nodes of your projects within seconds.",
    )
    return back(HERE)


@blueprint.post(f"{HERE}/delete")
@signed_in
def delete_account() -> Response:
    """Close one's own account, which the present password confirms."""
    user = me().user

    def delete() -> None:
        services().sign_in.confirm(user, request.form.get("current", ""), who.address())
        services().accounts.remove(
            user.name, actor=user.name, address=who.address(), leave_teams=services().team.leave_all
        )

    if not attempt(delete, "Your account is closed."):
        return back(f"{HERE}#delete")
    response = back("/login")
    response.delete_cookie(who.COOKIE, path="/", httponly=True, samesite="Lax", secure=services().settings.secure)
    return response


def _page(secret: str = "", error: AppError | None = None, form: dict[str, str] | None = None) -> tuple[str, int]:
    name = me().user.name
    user = services().accounts.get(name)
    return page(
        "account.html",
        tokens=services().store.tokens.of(name),
        events=services().store.audit.latest(LOG_LINES, about=name),
        lifetimes=LIFETIMES,
        secret=secret,
        source_words=services().settings.title_of(user.source),
        form=form or {},
        least=services().site.get().password_min_length,
        owned=services().store.projects.owned(name, limit=1),
        ssh=services().settings.ssh_keys,
        ssh_keys=user.ssh_keys,
        ssh_keys_changed=datetime.fromtimestamp(user.ssh_keys_revision / 1000, UTC) if user.ssh_keys_revision else None,
        error=error,
    )
