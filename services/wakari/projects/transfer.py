# SPDX-License-Identifier: GPL-3.0-or-later
"""Another owner for a project: the record at once, so that rights follow within two seconds; its nodes by a task.

Until every node has it where the new owner has it, the record keeps the former one: whatever is asked of a node next
begins with that step, and nobody makes another project at either address.
"""

from __future__ import annotations

from dataclasses import dataclass

from wakari.access import Action, Caller, require, require_site
from wakari.core.errors import AppError, BadInputError
from wakari.projects.members import check_role, check_size, resolved
from wakari.store import Conflict, Store
from wakari.store.base import Transaction, new_id
from wakari.store.records import Former, Project, State, TeamMember

FROM: tuple[State, ...] = ("stopped", "running", "error")


@dataclass(frozen=True)
class Transfer:
    """Hands projects over."""

    store: Store

    def hand_over(
        self, caller: Caller, project: Project, to: str, *, keep: str | None = None, address: str = ""
    ) -> Project:
        """Return the project after the caller, whose rights are looked at, gave it to another owner: see `transfer`.

        An owner gives it to somebody of its team: nobody gets a project that they know nothing of.

        Raises:
            AppError: `forbidden` (403), besides those of `transfer`.
        """
        require(caller, Action.PROJECT_TRANSFER, project)
        if to not in resolved(self.store, project):
            require_site(caller, Action.PROJECT_CREATE_FOR)
        return self.transfer(project, to, caller.name, keep=keep, address=address)

    def transfer(self, project: Project, to: str, actor: str, *, keep: str | None = None, address: str = "") -> Project:
        """Return the project, now owned by `to`; unchanged where it was. Whether `actor` may is the caller's to decide.

        `keep` is the role that the former owner has in the team from now on; None: no place in it. A project that
        runs is stopped. One that a node may hold moves there, with the owner's files, by a task (`project.task`).

        Raises:
            BadInputError: `owner_unknown`, `role_invalid`, `team_full`.
            AppError: `project_exists` (409): the new owner has one of this name; `project_busy` (409) while it starts,
                stops, is deleted or is on its way to somebody; `project_not_found` (404).
        """
        if to == project.owner:
            return project
        if to not in self.store.users.named([to]):
            raise BadInputError(
                "owner_unknown", f"There is no user {ascii(to)[:60]}.", hint="Check the spelling of the name."
            )
        role = None if keep is None else check_role(keep)

        def change(tx: Transaction) -> Project:
            current = self.store.projects.by_id(project.id, tx)
            if current is None or current.owner != project.owner:
                raise AppError("project_not_found", "It was deleted or handed over meanwhile.", status=404)
            members = [entry for entry in current.members if entry.user != to]
            if role is not None:
                members.append(TeamMember(user=current.owner, role=role))
            former = self._former(current, tx) if current.started_once else None
            task = new_id() if former else ""
            moved = self.store.projects.hand_over(current, to, members, FROM, tx, former=former, task=task)
            if moved is None:
                raise _busy(current)
            check_size(len(resolved(self.store, moved, tx)))
            self.store.drifts.forget(moved.id, tx)  # they name the former address
            if task:
                self.store.tasks.cancel_waiting(moved.id, ("apply-permissions", "apply-settings"), tx)
                self.store.tasks.add(moved, "transfer-project", actor, tx, task)
            return moved

        try:
            moved = self.store.transaction(change)
        except Conflict:
            raise AppError(
                "project_exists",
                f"{to} has a project {project.name!r} already.",
                hint="Its name cannot change: that one must be deleted, or handed over, first.",
                status=409,
            ) from None
        self.store.audit.add("project.transfer", actor, project.path, address, owner=to, kept_as=role or "")
        return moved

    def _former(self, project: Project, tx: Transaction) -> Former:
        account = self.store.users.known(project.owner, tx)
        if account is None:
            raise AppError("owner_gone", f"Nothing is known of the account of {project.owner}.", status=409)
        return Former(owner=account.name, uid=account.uid)


def _busy(project: Project) -> AppError:
    what = f"It is {project.state} just now."
    if project.deleting:
        what = "It is being deleted."
    elif project.former is not None:
        what = f"It is still on its way from {project.former.owner}."
    return AppError(
        "project_busy",
        f"The project {project.path} cannot be handed over. {what}",
        hint="Wait until that is over, then try again.",
        status=409,
    )
