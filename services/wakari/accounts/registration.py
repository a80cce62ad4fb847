# SPDX-License-Identifier: GPL-3.0-or-later
"""Registration: people who make an account themselves, where the site lets them, and may wait for an administrator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from wakari.accounts.accounts import Accounts, check_email, check_full_name, user_exists
from wakari.core import names
from wakari.core.errors import AppError
from wakari.store import Conflict, Store
from wakari.store.records import Registration, User

HOUR = 3600.0
# In an hour. A class behind one address registers within it; uids and an administrator's attention do not run out.
ADDRESS_LIMIT, SITE_LIMIT = 30, 300
MOST_WAITING = 500
State = Literal["made", "waiting"]


@dataclass(frozen=True)
class Registrations:
    """Takes registrations, and an administrator's word on them."""

    store: Store
    accounts: Accounts

    def is_open(self) -> bool:
        """Return whether people may register."""
        return self.store.site.get().open_registration

    def register(self, name: str, password: str, full_name: str, email: str, *, address: str) -> State:
        """Return whether the account was made, or waits for an administrator.

        Raises:
            BadInputError: name, password, e-mail or full name break a rule.
            AppError: `registration_closed` (403); `user_exists` (409), also of one that waits or was closed;
                `too_many_registrations` (429).
        """
        site = self.store.site.get()
        if not site.open_registration:
            raise AppError(
                "registration_closed",
                "Nobody can register on this site.",
                hint="Ask an administrator for an account.",
                status=403,
            )
        self._throttle(address)
        checked = names.user_name(name)
        self._never_had(checked)
        if not site.registration_approval:
            self.accounts.add(checked, password, actor=checked, full_name=full_name, email=email, address=address)
            self.store.audit.add("user.register", checked, checked, address)
            return "made"
        if self.store.registrations.count() >= MOST_WAITING:
            raise _too_many()
        try:
            self.store.registrations.add(
                checked,
                password_hash=self.accounts.hashed(password, checked, full_name, email),
                full_name=check_full_name(full_name),
                email=check_email(email),
                address=address,
            )
        except Conflict:
            raise user_exists(checked) from None
        self.store.audit.add("user.register", checked, checked, address)
        return "waiting"

    def approve(self, name: str, *, actor: str, address: str = "") -> User:
        """Return the account that is made of a registration.

        Raises:
            AppError: `registration_not_found` (404); `user_exists` (409) where somebody was given the name meanwhile,
                or had it until their account was closed.
        """
        found = self._waiting(name)
        self._never_had(found.name)
        user = self.accounts.add_hashed(
            found.name,
            found.password_hash,
            actor=actor,
            full_name=found.full_name,
            email=found.email,
            address=address,
        )
        self.store.registrations.remove(name)
        self.store.audit.add("user.register.approve", actor, name, address)
        return user

    def reject(self, name: str, *, actor: str, address: str = "") -> None:
        """Forget a registration; raise AppError `registration_not_found` (404) where none of this name waits."""
        self._waiting(name)
        self.store.registrations.remove(name)
        self.store.audit.add("user.register.reject", actor, name, address)

    def _never_had(self, name: str) -> None:
        """Return where there never was an account of this name; raise AppError `user_exists` (409) otherwise.

        A closed account is refused in the same words: who registers would get its uid, with all files of its former
        owner, and nobody shall learn that there was one.
        """
        if self.store.users.known(name) is not None:
            raise user_exists(name)

    def _waiting(self, name: str) -> Registration:
        found = self.store.registrations.get(name)
        if found is None:
            raise AppError(
                "registration_not_found",
                f"No registration of {ascii(name)[:60]} waits.",
                hint="Somebody may have decided on it already.",
                status=404,
            )
        return found

    def _throttle(self, address: str) -> None:
        limits = ((f"register:{address}", ADDRESS_LIMIT), ("register:", SITE_LIMIT))
        if any(self.store.throttles.peek(key) >= limit for key, limit in limits):
            raise _too_many()
        for key, _ in limits:
            self.store.throttles.count(key, HOUR)


def _too_many() -> AppError:
    return AppError(
        "too_many_registrations",
        "There were too many registrations.",
        hint="Try again in an hour, or ask an administrator for an account.",
        status=429,
    )
