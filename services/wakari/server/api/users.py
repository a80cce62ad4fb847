# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/v1/users."""

from __future__ import annotations

from wakari.access import Action, Caller, require_site
from wakari.core.errors import AppError
from wakari.server import who
from wakari.server.api.models.people import NewUser, UserChange, UserOut
from wakari.server.api.routing import Page, Window, page
from wakari.server.api.table import TABLE
from wakari.server.services import services
from wakari.store.records import User

_FIELDS = {"group": "groups", "role": "roles"}  # of which an account may have several


@TABLE.add(
    "GET",
    "/users",
    "List accounts",
    action=Action.USER_READ,
    answer=UserOut,
    paged=True,
    filters=("group", "role", "source"),
)
def index(caller: Caller, window: Window, filters: dict[str, str]) -> Page[UserOut]:
    """Return accounts in the order of their names."""
    require_site(caller, Action.USER_READ)
    fields = {_FIELDS.get(name, name): value for name, value in filters.items()}
    found = services().store.users.page(window.after, window.limit + 1, fields)
    return page(found, window, lambda user: user.name, UserOut.of)


@TABLE.add(
    "POST",
    "/users",
    "Add an account",
    action=Action.USER_WRITE,
    status=201,
    body=NewUser,
    answer=UserOut,
    errors=(409,),
)
def create(caller: Caller, body: NewUser) -> UserOut:
    """Return the new account. Only a superuser gives roles: nobody grants more than they hold."""
    require_site(caller, Action.USER_ROLES if body.roles else Action.USER_WRITE)
    user = services().accounts.add(
        body.name,
        body.password,
        actor=caller.name,
        full_name=body.full_name,
        email=body.email,
        roles=body.roles,
        address=who.address(),
    )
    return UserOut.of(user)


@TABLE.add(
    "GET",
    "/users/{user}",
    "See an account (one's own: everybody)",
    action=Action.USER_READ,
    answer=UserOut,
    errors=(404,),
)
def show(caller: Caller, user: str) -> UserOut:
    """Return the account."""
    if user != caller.name:
        require_site(caller, Action.USER_READ)
    return UserOut.of(services().accounts.get(user))


@TABLE.add(
    "PATCH",
    "/users/{user}",
    "Change an account",
    action=Action.USER_WRITE,
    body=UserChange,
    answer=UserOut,
    errors=(404, 409),
)
def update(caller: Caller, user: str, body: UserChange) -> UserOut:
    """Return the account after the change."""
    accounts, found = services().accounts, require_changeable(caller, user)
    if body.roles is not None and set(body.roles) != set(found.roles):
        require_site(caller, Action.USER_ROLES)
        for role in set(body.roles) - set(found.roles):
            accounts.give_role(user, role, actor=caller.name, address=who.address())
        for taken in set(found.roles) - set(body.roles):
            accounts.take_role(user, taken, actor=caller.name, address=who.address())
    accounts.set_profile(user, full_name=body.full_name, email=body.email, actor=caller.name, address=who.address())
    if body.password is not None:
        accounts.set_password(user, body.password, actor=caller.name, address=who.address())
    return UserOut.of(accounts.get(user))


@TABLE.add("DELETE", "/users/{user}", "Remove an account", action=Action.USER_WRITE, status=204, errors=(404, 409))
def remove(caller: Caller, user: str) -> None:
    """Close the account."""
    remove_account(require_changeable(caller, user), caller.name)


def remove_account(user: User, actor: str) -> None:
    """Take the person out of all teams and close the account."""
    if user.name == actor:
        raise AppError(
            "own_account", "You cannot remove your own account.", hint="Another administrator can.", status=409
        )
    services().accounts.remove(user.name, actor=actor, address=who.address(), leave_teams=services().team.leave_all)


def require_changeable(caller: Caller, name: str) -> User:
    """Return the account of this name, which the caller may change: one with a role needs a superuser.

    Raises:
        AppError: 401 or 403 for who may not; `user_not_found` (404).
    """
    require_site(caller, Action.USER_WRITE)
    found = services().accounts.get(name)
    if found.roles:
        require_site(caller, Action.USER_ROLES)
    return found
