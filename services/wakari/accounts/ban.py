# SPDX-License-Identifier: GPL-3.0-or-later
"""Bans: a person is kept out of everything at once, and comes back to what they had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wakari.accounts.accounts import keep_one_superuser, unknown
from wakari.core.errors import AppError, BadInputError
from wakari.store import Store
from wakari.store.base import Transaction
from wakari.store.records import User

MAX_REASON = 200
# Queues the work that brings the files of a person's projects in line: (user, actor, transaction).
Tell = Callable[[str, str, Transaction], None]


@dataclass(frozen=True)
class Bans:
    """Keeps people out. Who may do it is decided by the caller (wakari.access). `tell` is that of wakari.projects."""

    store: Store
    tell: Tell

    def ban(self, name: str, reason: str, *, actor: str, address: str = "") -> bool:
        """Keep a person out; return whether they were not. Sessions and tokens end with the same write.

        Nodes hear of it by a task a project: it ends the person's apps, takes their SSH keys and their rights on files.
        Where the person owns the project, its team goes on.

        Raises:
            BadInputError: `ban_reason_invalid`.
            AppError: `own_account` (409), `last_superuser` (409), `user_not_found` (404).
        """
        if name == actor:
            raise AppError("own_account", "You cannot ban yourself.", hint="Another administrator can.", status=409)
        checked = check_reason(reason)

        def ban(tx: Transaction) -> bool:
            self._there(name, tx)
            keep_one_superuser(self.store, name, tx)
            if self.store.bans.set(name, checked, tx) is None:
                return False
            self.store.sessions.end_all(name, tx)
            self.store.tokens.revoke_all(name, tx)
            self.store.resets.end_all(name, tx)
            self.tell(name, actor, tx)
            return True

        banned = self.store.transaction(ban)
        if banned:
            self.store.audit.add("user.ban", actor, name, address, reason=checked)
        return banned

    def unban(self, name: str, *, actor: str, address: str = "") -> bool:
        """Let a person in again; return whether they were kept out. Their rights and SSH keys come back by tasks.

        Raises:
            AppError: `user_not_found` (404).
        """

        def unban(tx: Transaction) -> bool:
            self._there(name, tx)
            if self.store.bans.lift(name, tx) is None:
                return False
            self.tell(name, actor, tx)
            return True

        lifted = self.store.transaction(unban)
        if lifted:
            self.store.audit.add("user.unban", actor, name, address)
        return lifted

    def _there(self, name: str, tx: Transaction) -> User:
        found = self.store.users.named([name], tx).get(name)
        if found is None:
            raise unknown(name)
        return found


def check_reason(reason: str) -> str:
    """Return the reason if it is one short printable line, or empty; raise BadInputError otherwise."""
    if len(reason) > MAX_REASON or not reason.isprintable():
        raise BadInputError(
            "ban_reason_invalid", "The reason cannot be used.", hint=f"Use one line of up to {MAX_REASON} characters."
        )
    return reason


def refusal(user: User) -> AppError:
    """Return what a banned person is told who proves to be that person."""
    reason = f" Reason: {user.ban_reason}" if user.ban_reason else ""
    return AppError(
        "account_banned",
        f"This account is banned.{reason}",
        hint="Ask an administrator of this site.",
        status=403,
    )
