# SPDX-License-Identifier: GPL-3.0-or-later
"""People of a directory: who signs in gets an account, and profile, groups and roles are brought in line each time."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Protocol

from wakari.accounts.accounts import Accounts, check_email, check_full_name
from wakari.accounts.backends.base import Identity
from wakari.accounts.backends.settings import DirectorySettings
from wakari.core import names
from wakari.core.errors import AppError, BadInputError
from wakari.store import Conflict, Store
from wakari.store.records import Source, User

log = logging.getLogger(__name__)
SUMMARIES = {"ldap": "From the directory", "pam": "From the server's system", "oidc": "From the identity provider"}


class Membership(Protocol):
    """Joining and leaving groups, with what follows for projects: that of wakari.projects."""

    def join(self, name: str, user: str, *, actor: str, address: str = "") -> bool:
        """Put a person into a group."""

    def leave(self, name: str, user: str, *, actor: str, address: str = "") -> bool:
        """Take a person out of a group."""


@dataclass(frozen=True)
class Directory:
    """What a directory says of people, made true here. Its word never changes an account of another source."""

    store: Store
    accounts: Accounts
    membership: Membership
    settings: DirectorySettings = field(default_factory=DirectorySettings)

    def admit(self, identity: Identity, source: Source, address: str) -> User:
        """Return the account of a person whom the source vouches for, in line with what it says.

        Raises:
            BadInputError: the name breaks our rules for user names.
            AppError: `account_name_taken` (409): the name belongs to somebody else; `account_closed` (403).
        """
        user = self.store.users.by_subject(source, identity.subject) or self._by_name(identity, source, address)
        self._profile(user, identity, source, address)
        self._groups(user, identity, source, address)
        self._roles(user, identity, source, address)
        return self.accounts.get(user.name)

    def _by_name(self, identity: Identity, source: Source, address: str) -> User:
        name = _checked(identity.name)
        user = self.store.users.get(name)
        if user is None:
            return self._add(name, identity, source, address)
        # From OpenID Connect a name alone proves nothing: people choose it at some providers.
        same = user.subject == "" if source != "oidc" else False
        if user.source != source or not (same or user.subject == identity.subject):
            told = {"user": name, "source": source, "subject": identity.subject}
            log.warning("a name of the directory is another's here", extra=told)
            raise AppError(
                "account_name_taken",
                f"The user name {name!r} belongs to another account of this site.",
                hint=f"Ask an administrator; if it is yours: wk-server-admin link-account {name} (docs/accounts.md).",
                status=409,
            )
        if identity.subject and not user.subject:
            self.store.users.set_fields(name, subject=identity.subject)
        return user

    def _add(self, name: str, identity: Identity, source: Source, address: str) -> User:
        if self.store.users.was_removed(name):
            raise AppError(
                "account_closed",
                f"The account {name!r} was closed by an administrator.",
                hint=f"Ask an administrator to open it again: wk-server-admin add-user {name} --source {source}.",
                status=403,
            )
        try:
            return self.accounts.add_from(name, source, subject=identity.subject, actor=source, address=address)
        except Conflict:  # signed in twice at the same moment
            found = self.store.users.get(name)
            if found is None or found.source != source or found.subject != identity.subject:
                raise AppError(
                    "account_name_taken", f"The user name {name!r} was just taken.", hint="Try again.", status=409
                ) from None
            return found

    def _profile(self, user: User, identity: Identity, source: Source, address: str) -> None:
        """Take over full name and e-mail; what breaks our rules is left out, nobody stays outside for it."""
        wanted: dict[str, str] = {}
        for key, text, check in (
            ("full_name", identity.full_name, check_full_name),
            ("email", identity.email, check_email),
        ):
            try:
                wanted[key] = check(text)
            except BadInputError:
                log.warning("the directory has a value that cannot be used", extra={"user": user.name, "field": key})
        self.accounts.set_profile(user.name, **wanted, actor=source, address=address)

    def _groups(self, user: User, identity: Identity, source: Source, address: str) -> None:
        wanted = {ours for theirs, ours in self.settings.group_map.items() if theirs in identity.groups}
        # Groups that came from here keep following: without a rule that puts people in, everybody leaves.
        followed = {*self.settings.group_map.values(), *(group.name for group in self.store.groups.of(source))}
        for name in sorted((set(user.groups) & followed) - wanted):
            self.membership.leave(name, user.name, actor=source, address=address)
        for name in sorted(wanted - set(user.groups)):
            self._make(name, source, address)
            try:
                self.membership.join(name, user.name, actor=source, address=address)
            except AppError as error:
                # A team that is full must not keep somebody from signing in.
                log.warning(
                    "somebody could not join a group", extra={"user": user.name, "group": name, "reason": error.message}
                )

    def _make(self, name: str, source: Source, address: str) -> None:
        if self.store.groups.get(name) is not None:
            return
        try:
            self.store.groups.add(name, SUMMARIES[source], source)
        except Conflict:
            return  # made at the same moment by another sign-in
        self.store.audit.add("group.create", source, name, address)

    def _roles(self, user: User, identity: Identity, source: Source, address: str) -> None:
        for role, groups in (("staff", self.settings.staff_groups), ("superuser", self.settings.superuser_groups)):
            if not groups:
                continue  # nobody said that groups decide: what administrators gave stays
            if groups & identity.groups:
                self.accounts.give_role(user.name, role, actor=source, address=address)
            elif role in user.roles:
                try:
                    self.accounts.take_role(user.name, role, actor=source, address=address)
                except AppError as error:  # the last superuser keeps it, or nobody could repair the site
                    log.warning(
                        "a role was not taken", extra={"user": user.name, "role": role, "reason": error.message}
                    )


def _checked(name: str) -> str:
    try:
        return names.user_name(name.lower())
    except BadInputError as error:
        raise BadInputError(
            "account_name_unusable",
            f"Your name in the directory cannot be a user name here. {error.message}",
            hint=f"{error.hint} Ask an administrator which attribute could be used instead (docs/accounts.md).",
        ) from None
