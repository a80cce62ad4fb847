# SPDX-License-Identifier: GPL-3.0-or-later
"""Adding, changing and removing accounts. Who may do it is decided by the caller (wakari.access)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from wakari.accounts import passwords, policy
from wakari.core import names
from wakari.core.errors import AppError, BadInputError
from wakari.store import Conflict, Store
from wakari.store.base import Transaction
from wakari.store.records import Source, User

ROLES = frozenset({"staff", "superuser"})
# Not a proof of an address, only a guard against slips: one @, no spaces, 254 characters (RFC 5321, 4.5.3.1.3).
EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,189}", re.ASCII)
MAX_FULL_NAME = 100


@dataclass(frozen=True)
class Accounts:
    """The accounts of the site."""

    store: Store

    def get(self, name: str) -> User:
        """Return the account; raise AppError `user_not_found` (404) where there is none."""
        user = self.store.users.get(name)
        if user is None:
            raise unknown(name)
        return user

    def add(
        self,
        name: object,
        password: object,
        *,
        actor: str,
        full_name: str = "",
        email: str = "",
        roles: Iterable[str] = (),
        address: str = "",
    ) -> User:
        """Return the new account.

        Raises:
            BadInputError: name, password, e-mail or roles break a rule.
            AppError: `user_exists` (409).
        """
        hashed = self.hashed(password, names.user_name(name), full_name, email)
        return self.add_hashed(
            name, hashed, actor=actor, full_name=full_name, email=email, roles=roles, address=address
        )

    def add_hashed(
        self,
        name: object,
        password_hash: str,
        *,
        actor: str,
        full_name: str = "",
        email: str = "",
        roles: Iterable[str] = (),
        address: str = "",
    ) -> User:
        """Return the new account of somebody whose password was hashed before; raises as `add`."""
        checked = names.user_name(name)
        try:
            user = self.store.users.add(
                checked,
                password_hash=password_hash,
                full_name=check_full_name(full_name),
                email=check_email(email),
                roles=check_roles(roles),
            )
        except Conflict:
            raise user_exists(checked) from None
        except ValueError as error:
            raise _no_uid(error) from error
        self.store.audit.add("user.create", actor, user.name, address, roles=",".join(user.roles), uid=user.uid)
        return user

    def add_from(self, name: str, source: Source, *, subject: str = "", actor: str, address: str = "") -> User:
        """Return the new account of a person whose password is checked elsewhere.

        Raises:
            BadInputError: the name breaks a rule.
            Conflict: there is an account of this name, or of this subject.
            AppError: `no_uid_left` (409).
        """
        try:
            user = self.store.users.add(
                names.user_name(name),
                password_hash="",
                full_name="",
                email="",
                roles=(),
                source=source,
                subject=subject,
            )
        except ValueError as error:
            raise _no_uid(error) from error
        self.store.audit.add("user.create", actor, user.name, address, source=source, uid=user.uid)
        return user

    def link(self, name: str, source: Source, subject: str, *, actor: str, address: str = "") -> bool:
        """Say where an account's password is checked from now on; return whether that is a change.

        Sessions and tokens end: who comes next may be somebody else. A local password is forgotten, and the last
        superuser of the local accounts stays local, so that nobody is locked out while a directory is away.

        Raises:
            AppError: `user_not_found` (404), `subject_taken` (409), `last_local_superuser` (409).
        """
        user = self.get(name)
        if (user.source, user.subject) == (source, subject):
            return False
        holders = [holder.name for holder in self.store.users.with_role("superuser") if holder.source == "local"]
        if source != "local" and holders == [name]:
            raise AppError(
                "last_local_superuser",
                f"{name} is the last superuser with a local password.",
                hint="Give the role to another local account first, for days when the directory is away.",
                status=409,
            )
        try:
            self.store.users.set_fields(name, source=source, subject=subject, password_hash="")
        except Conflict:
            raise AppError(
                "subject_taken",
                "Another account has this subject.",
                hint="Look for it: wk-server-admin users.",
                status=409,
            ) from None
        self.store.sessions.end_all(name)
        self.store.tokens.revoke_all(name)
        self.store.audit.add("user.link", actor, name, address, source=source)
        return True

    def hashed(self, password: object, name: str, full_name: str, email: str) -> str:
        """Return the hash of a password that may be set for this person; raise BadInputError otherwise."""
        least = self.store.site.get().password_min_length
        return passwords.hash_password(policy.check_new(password, least=least, about=(name, full_name, email)))

    def check_password(self, user: User, password: object) -> None:
        """Return when the password may be set for the person; raise BadInputError otherwise."""
        least = self.store.site.get().password_min_length
        policy.check_new(password, least=least, about=(user.name, user.full_name, user.email))

    def set_password(
        self, name: str, password: object, *, actor: str, address: str = "", keep_session: str = ""
    ) -> None:
        """Set a new password and end the person's other sessions.

        Raises:
            AppError: `password_elsewhere` (409): the account's password is not checked here.
        """
        user = self.get(name)
        must_be_local(user)
        hashed = self.hashed(password, name, user.full_name, user.email)
        if self.store.users.set_fields(name, password_hash=hashed) is None:
            raise unknown(name)
        self.store.sessions.end_all(name, but=keep_session)
        self.store.audit.add("user.password", actor, name, address)

    def set_profile(
        self, name: str, *, full_name: str | None = None, email: str | None = None, actor: str, address: str = ""
    ) -> bool:
        """Bring full name and e-mail in line; return whether anything changed.

        A reset link may go to the new e-mail address, so the log says who set it; not which one it is, since the log
        keeps what the end of an account erases.

        Raises:
            BadInputError: full name or e-mail breaks a rule.
            AppError: `user_not_found` (404).
        """
        user = self.get(name)
        fields: dict[str, str] = {}
        if full_name is not None and full_name != user.full_name:
            fields["full_name"] = check_full_name(full_name)
        if email is not None and email != user.email:
            fields["email"] = check_email(email)
        if fields:
            self.store.users.set_fields(name, **fields)
        if "email" in fields:
            self.store.audit.add("user.email", actor, name, address)
        return bool(fields)

    def give_role(self, name: str, role: str, *, actor: str, address: str = "") -> bool:
        """Give a role on the site; return whether the person did not have it."""
        check_roles([role])
        before = self.store.users.add_role(name, role)
        if before is None:
            raise unknown(name)
        if role in before.roles:
            return False
        self.store.audit.add("user.role.add", actor, name, address, role=role)
        return True

    def take_role(self, name: str, role: str, *, actor: str, address: str = "") -> bool:
        """Take a role on the site; return whether the person had it. The last superuser keeps it.

        Raises:
            AppError: `last_superuser` (409).
        """
        check_roles([role])

        def take(tx: Transaction) -> User | None:
            if role == "superuser":
                keep_one_superuser(self.store, name, tx)
            return self.store.users.remove_role(name, role, tx)

        before = self.store.transaction(take)
        if before is None:
            raise unknown(name)
        if role not in before.roles:
            return False
        self.store.audit.add("user.role.remove", actor, name, address, role=role)
        return True

    def remove(self, name: str, *, actor: str, leave_teams: Callable[[str, str], object], address: str = "") -> None:
        """Close an account and end its sessions and tokens; then the person leaves all teams.

        `leave_teams(name, actor)` is that of wakari.projects. Without an account nobody gets in by a team meanwhile.

        Raises:
            AppError: `user_owns_projects` (409), `last_superuser` (409), `user_not_found` (404).
        """
        owned = self.store.projects.owned(name, limit=1)
        if owned:
            raise AppError(
                "user_owns_projects",
                f"{name} owns projects, for instance {owned[0].name!r}.",
                hint="Delete these projects first.",
                status=409,
            )

        def remove(tx: Transaction) -> User | None:
            keep_one_superuser(self.store, name, tx)
            self.store.sessions.end_all(name, tx)
            self.store.tokens.revoke_all(name, tx)
            self.store.resets.end_all(name, tx)
            self.store.saved_searches.remove_all(name, tx)
            return self.store.users.remove(name, tx)

        if self.store.transaction(remove) is None:
            raise unknown(name)
        leave_teams(name, actor)
        self.store.audit.add("user.remove", actor, name, address)


def keep_one_superuser(store: Store, name: str, tx: Transaction) -> None:
    """Return when somebody else can still administrate the site; raise AppError `last_superuser` (409) otherwise.

    That holds until the transaction ends: of several that take a superuser away at once each sees the one before it.
    """
    holders = {user.name for user in store.users.with_role("superuser", tx) if not user.banned}
    if holders == {name}:
        raise AppError(
            "last_superuser",
            f"{name} is the last superuser.",
            hint="Give the role to another person first.",
            status=409,
        )
    if name in holders:
        store.users.fewer_superusers(tx)


def check_email(email: str) -> str:
    """Return the address if it has the shape of one, or is empty; raise BadInputError otherwise."""
    if email and not EMAIL.fullmatch(email):
        raise BadInputError("email_invalid", "The e-mail address has no such shape.", hint="Use name@host.")
    return email


def check_full_name(full_name: str) -> str:
    """Return the name if it is short and printable; raise BadInputError otherwise."""
    if len(full_name) > MAX_FULL_NAME or not full_name.isprintable():
        raise BadInputError(
            "full_name_invalid",
            "The full name cannot be used.",
            hint=f"Use up to {MAX_FULL_NAME} printable characters.",
        )
    return full_name


def check_roles(roles: Iterable[str]) -> tuple[str, ...]:
    """Return the roles, sorted; raise BadInputError for an unknown one."""
    wanted = sorted(set(roles))
    if not ROLES.issuperset(wanted):
        raise BadInputError("role_invalid", "There is no such role on the site.", hint="Use staff or superuser.")
    return tuple(wanted)


def user_exists(name: str) -> AppError:
    """Return the refusal of a name that somebody has."""
    return AppError("user_exists", f"There is a user {name!r} already.", hint="Choose another name.", status=409)


def unknown(name: str) -> AppError:
    """Return the refusal of a name that nobody has."""
    return AppError(
        "user_not_found", f"There is no user {ascii(name)[:60]}.", hint="Check the spelling of the name.", status=404
    )


def _no_uid(error: ValueError) -> AppError:
    return AppError("no_uid_left", str(error), hint="Ask the vendor for a larger range.", status=409)


def must_be_local(user: User) -> None:
    """Return where the password is kept here; raise AppError `password_elsewhere` (409) otherwise."""
    if user.source != "local":
        raise AppError(
            "password_elsewhere",
            f"The password of {user.name} is not kept here: the account's source is {user.source}.",
            hint="Change it there. An administrator can make the account local: wk-server-admin link-account.",
            status=409,
        )
