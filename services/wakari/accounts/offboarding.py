# SPDX-License-Identifier: GPL-3.0-or-later
"""Off-boarding: a person leaves in one act, with a report of all that they had and where it went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from wakari.accounts.accounts import Accounts
from wakari.accounts.ban import Bans
from wakari.core.errors import AppError, BadInputError
from wakari.store import Store
from wakari.store.base import now
from wakari.store.records import Project, User

REASON = "The account is being closed."
# Hands a project to another owner: (project, to, actor). Raises AppError with the reason where it cannot be done now.
HandOver = Callable[[Project, str, str], object]


@dataclass(frozen=True)
class HandedOver:
    """A project the person owned. `reason` says why it is theirs still; empty where it was handed over."""

    project: str
    to: str
    reason: str = ""


@dataclass(frozen=True)
class Report:
    """What an off-boarding found and did. `closed` is false for a plan, and where a project is the person's still."""

    user: str
    uid: int
    actor: str
    at: datetime
    closed: bool
    sessions: int
    tokens: int
    ssh_keys: int
    roles: tuple[str, ...]
    teams: tuple[str, ...]
    groups: tuple[str, ...]
    nodes: tuple[str, ...]
    projects: tuple[HandedOver, ...]


@dataclass(frozen=True)
class Offboarding:
    """Closes accounts whole. Who may do it is decided by the caller (wakari.access).

    `hand_over` and `leave_teams` are those of wakari.projects.
    """

    store: Store
    accounts: Accounts
    bans: Bans
    hand_over: HandOver
    leave_teams: Callable[[str, str], object]

    def plan(self, name: str, heir: str = "", *, actor: str) -> Report:
        """Return what the person has, with nothing changed; raise AppError `user_not_found` (404) for nobody."""
        user = self.accounts.get(name)
        owned = self.store.projects.owned(name)
        joined = self.store.projects.joined(name, groups=user.groups)
        return Report(
            user=name,
            uid=user.uid,
            actor=actor,
            at=now(),
            closed=False,
            sessions=self.store.sessions.count(name),
            tokens=len(self.store.tokens.of(name)),
            ssh_keys=len(user.ssh_keys),
            roles=user.roles,
            teams=tuple(project.path for project in joined),
            groups=tuple(sorted(user.groups)),
            nodes=tuple(sorted({node for one in (*owned, *joined) if one.started_once for node in one.nodes})),
            projects=tuple(HandedOver(project.path, heir) for project in owned),
        )

    def run(self, name: str, heir: str = "", *, actor: str, address: str = "") -> Report:
        """Return what was done: banned first, projects handed to the heir, then the account closed.

        A project that cannot change hands now (it starts, say) keeps the account open, banned: run it again. The name
        keeps its uid for good, so that no file changes its owner by accident.

        Raises:
            BadInputError: `heir_needed` where the person owns projects; `heir_unknown`.
            AppError: `own_account`, `last_superuser` (409), `user_not_found` (404). Nothing was changed then.
        """
        found = self.plan(name, heir, actor=actor)
        self._check_heir(found, heir)
        self.bans.ban(name, REASON, actor=actor, address=address)
        handed = tuple(self._hand(project, heir, actor) for project in self.store.projects.owned(name))
        closed = not any(one.reason for one in handed)
        if closed:
            self.accounts.remove(name, actor=actor, leave_teams=self.leave_teams, address=address)
        report = replace(found, closed=closed, projects=handed)
        self.store.audit.add(
            "user.offboard",
            actor,
            name,
            address,
            closed=closed,
            heir=heir,
            projects=len(handed),
            teams=len(found.teams),
            sessions=found.sessions,
            tokens=found.tokens,
        )
        return report

    def _hand(self, project: Project, heir: str, actor: str) -> HandedOver:
        try:
            self.hand_over(project, heir, actor)
        except AppError as error:
            return HandedOver(project.path, heir, f"{error.message} {error.hint}".strip())
        return HandedOver(project.path, heir)

    def _check_heir(self, found: Report, heir: str) -> None:
        if not heir and found.projects:
            raise BadInputError(
                "heir_needed",
                f"{found.user} owns projects, for instance {found.projects[0].project}.",
                hint="Name the person who gets them.",
            )
        user: User | None = self.store.users.get(heir) if heir else None
        if heir and (user is None or user.banned or heir == found.user):
            raise BadInputError(
                "heir_unknown", f"{ascii(heir)[:60]} cannot get projects.", hint="Name another person of the site."
            )
