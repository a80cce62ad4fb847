# SPDX-License-Identifier: GPL-3.0-or-later
"""/api/v1/users/{user}/...: what administrators do with an account beside its description."""

from __future__ import annotations

from wakari.access import Action, Caller, require_site
from wakari.server import who
from wakari.server.api.models.offboarding import NewOffboarding, OffboardingOut
from wakari.server.api.models.people import (
    NewBan,
    NewRegistration,
    Registered,
    RegistrationOut,
    ResetLinkOut,
    UserOut,
)
from wakari.server.api.routing import Page, Window, page
from wakari.server.api.table import TABLE
from wakari.server.api.users import require_changeable
from wakari.server.services import services


@TABLE.add(
    "PUT",
    "/users/{user}/ban",
    "Keep a person out of everything",
    action=Action.USER_WRITE,
    body=NewBan,
    answer=UserOut,
    errors=(404, 409),
)
def ban(caller: Caller, user: str, body: NewBan) -> UserOut:
    """Return the account; unchanged where it is banned already."""
    require_changeable(caller, user)
    services().bans.ban(user, body.reason, actor=caller.name, address=who.address())
    return UserOut.of(services().accounts.get(user))


@TABLE.add(
    "DELETE",
    "/users/{user}/ban",
    "Let a banned person in again",
    action=Action.USER_WRITE,
    answer=UserOut,
    errors=(404,),
)
def unban(caller: Caller, user: str) -> UserOut:
    """Return the account; unchanged where it is not banned."""
    require_changeable(caller, user)
    services().bans.unban(user, actor=caller.name, address=who.address())
    return UserOut.of(services().accounts.get(user))


@TABLE.add(
    "POST",
    "/users/{user}/reset-link",
    "Make a link by which a person sets a new password, once",
    action=Action.USER_WRITE,
    status=201,
    answer=ResetLinkOut,
    errors=(404, 409),
)
def make_reset_link(caller: Caller, user: str) -> ResetLinkOut:
    """Return the link."""
    require_changeable(caller, user)
    made = services().resets.make(user, actor=caller.name, address=who.address())
    return ResetLinkOut(url=made.url, expires_at=made.expires_at)


@TABLE.add(
    "POST",
    "/registrations",
    "Make an account for oneself, where the site lets people",
    action=None,
    status=202,
    body=NewRegistration,
    answer=Registered,
    errors=(403, 409, 429),
)
def register(_: Caller, body: NewRegistration) -> Registered:
    """Return what became of it."""
    state = services().registrations.register(
        body.name, body.password, body.full_name, body.email, address=who.address()
    )
    return Registered(name=body.name, state=state)


@TABLE.add(
    "GET",
    "/registrations",
    "List the registrations that wait",
    action=Action.USER_READ,
    answer=RegistrationOut,
    paged=True,
)
def registrations(caller: Caller, window: Window) -> Page[RegistrationOut]:
    """Return them in the order of their names."""
    require_site(caller, Action.USER_READ)
    found = services().store.registrations.page(window.after, window.limit + 1)
    return page(found, window, lambda one: one.name, RegistrationOut.of)


@TABLE.add(
    "POST",
    "/registrations/{user}/approve",
    "Make the account of a registration",
    action=Action.USER_WRITE,
    status=201,
    answer=UserOut,
    errors=(404, 409),
)
def approve(caller: Caller, user: str) -> UserOut:
    """Return the account."""
    require_site(caller, Action.USER_WRITE)
    return UserOut.of(services().registrations.approve(user, actor=caller.name, address=who.address()))


@TABLE.add(
    "DELETE",
    "/registrations/{user}",
    "Forget a registration",
    action=Action.USER_WRITE,
    status=204,
    errors=(404,),
)
def reject(caller: Caller, user: str) -> None:
    """Forget it."""
    require_site(caller, Action.USER_WRITE)
    services().registrations.reject(user, actor=caller.name, address=who.address())


@TABLE.add(
    "POST",
    "/users/{user}/offboard",
    "Close an account and hand its projects over, with a report",
    action=Action.USER_OFFBOARD,
    body=NewOffboarding,
    answer=OffboardingOut,
    errors=(404, 409),
)
def offboard(caller: Caller, user: str, body: NewOffboarding) -> OffboardingOut:
    """Return what was done, or for a dry run what there is."""
    require_site(caller, Action.USER_OFFBOARD)
    offboarding = services().offboarding
    if body.dry_run:
        return OffboardingOut.of(offboarding.plan(user, body.heir, actor=caller.name))
    return OffboardingOut.of(offboarding.run(user, body.heir, actor=caller.name, address=who.address()))
