# SPDX-License-Identifier: GPL-3.0-or-later
"""Administration of accounts: list, add, close, give and take roles."""

from __future__ import annotations

from typing import Literal

from flask import request
from werkzeug.wrappers import Response

from wakari.access import Action, require_site
from wakari.accounts import passwords
from wakari.core.errors import AppError
from wakari.server import who
from wakari.server.api.users import remove_account, require_changeable
from wakari.server.pages.admin import PAGE, needs, source_asked
from wakari.server.pages.blueprint import blueprint
from wakari.server.pages.view import attempt, back, field, me, page
from wakari.server.services import services


@blueprint.get("/admin/users")
@needs(Action.USER_READ)
def admin_users() -> tuple[str, int]:
    """Return the accounts, page by page."""
    return _users()


@blueprint.post("/admin/users")
@needs(Action.USER_WRITE)
def admin_add_user() -> Response | tuple[str, int]:
    """Add an account; a generated password is shown this once, in the answer itself."""
    roles = [role for role in ("staff", "superuser") if field(role)]
    name = field("name")
    password = request.form.get("password", "")
    generated = "" if password else passwords.generate()
    try:
        require_site(me().caller, Action.USER_ROLES if roles else Action.USER_WRITE)
        user = services().accounts.add(
            name,
            password or generated,
            actor=me().user.name,
            full_name=field("full_name"),
            email=field("email"),
            roles=roles,
            address=who.address(),
        )
    except AppError as error:
        return _users(error.status, error=error, form=request.form)
    return _users(added=user, generated=generated)


@blueprint.post("/admin/users/remove")
@needs(Action.USER_WRITE)
def admin_remove_user() -> Response:
    """Close an account."""
    name = field("name")

    def remove() -> None:
        remove_account(require_changeable(me().caller, name), me().user.name)

    attempt(remove, f"The account of {name} is closed.")
    return back("/admin/users")


@blueprint.post("/admin/users/role")
@needs(Action.USER_ROLES)
def admin_role() -> Response:
    """Give or take a role."""
    name, actor = field("name"), me().user.name
    role: Literal["staff", "superuser"] = "superuser" if field("role") == "superuser" else "staff"
    accounts = services().accounts
    change = accounts.give_role if field("give") else accounts.take_role
    attempt(lambda: change(name, role, actor=actor, address=who.address()), f"The roles of {name} are changed.")
    return back("/admin/users")


def _users(status: int = 200, **context: object) -> tuple[str, int]:
    after, chosen = request.args.get("after", ""), source_asked()
    found = services().store.users.page(after, PAGE + 1, chosen)
    more = found[PAGE - 1].name if len(found) > PAGE else None
    owned = services().store.projects.owned_counts(user.name for user in found[:PAGE])
    return page(
        "admin/users.html",
        status,
        tab="users",
        users=found[:PAGE],
        owned=owned,
        more=more,
        chosen=chosen.get("source", ""),
        **context,
    )
