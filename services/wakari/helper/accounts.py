# SPDX-License-Identifier: GPL-3.0-or-later
"""OS accounts of people: made with the server's uid, or (MANAGE_ACCOUNTS: false) found as the site made them."""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from wakari.core.errors import AppError
from wakari.core.messages import FIRST_UID, LAST_UID, Person, ProjectSpec
from wakari.helper import closed, locks, processes
from wakari.helper.settings import HelperSettings
from wakari.permissions.policy import Team

FIRST_PERSON = 1000  # UID_MIN of login.defs(5): below are the system's own accounts
_NOBODY = 65534
# As long as lckpwdf(3) waits: an administrator's useradd, or one whose caller was killed, is over by then.
_LOCK_SECONDS = 15
# Messages in English, for the one that tells of a lock.
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}


@dataclass(frozen=True)
class Account:
    """A person as this host knows them."""

    name: str
    uid: int
    gid: int
    home: Path
    shell: str


class Accounts:
    """The host's accounts (getpwnam(3), so those of LDAP too)."""

    def __init__(self, settings: HelperSettings) -> None:
        self._settings = settings
        self._closed = closed.Closed(settings.state_dir)

    def service(self) -> pwd.struct_passwd:
        """Return the service account; raise AppError where it does not exist."""
        try:
            return pwd.getpwnam(self._settings.service_account)
        except KeyError as error:
            raise AppError(
                "service_account_missing",
                f"The service account {self._settings.service_account!r} does not exist on this node.",
                hint="Run the playbook, or correct service_account in etc/wakari/scripts/config.json.",
                status=500,
            ) from error

    def refuse_service(self, name: str, what: str) -> None:
        """Raise AppError where the name is root's, the service account's or ANON_USER: none of them is a person."""
        if name in {"root", self._settings.service_account, self._settings.anonymous}:
            why = "permissions of its files are never managed"
            if name == self._settings.anonymous:
                why = "all who look at a public project share it (ANON_USER)"
            raise AppError(
                "service_account_refused",
                f"{name!r} belongs to this platform and cannot {what}: {why}.",
                hint="Use the account of a person.",
                status=403,
            )

    def ensure(self, person: Person, *, make: bool = True) -> Account:
        """Return the person's account; make it where it is missing, `make` is true and the platform manages accounts.

        One that is made is closed until `open`.

        Raises:
            AppError: `account_conflict`, `account_missing`, `account_failed`, `service_account_refused`.
        """
        self.refuse_service(person.name, "own or open a project")
        found = _find(person.name)
        if found is None and make and self._settings.manage_accounts:
            with self._lock():
                found = _find(person.name) or self._make(person)
        if found is None:
            raise AppError(
                "account_missing",
                f"The person {person.name!r} has no account on this node"
                + ("." if self._settings.manage_accounts else ", and MANAGE_ACCOUNTS is false."),
                hint=f"Make the OS account {person.name!r}, then start the project again.",
                status=409,
            )
        if self._settings.manage_accounts and (found.uid, found.gid) != (person.uid, person.gid):
            raise _conflict(person, f"exists with uid {found.uid} and gid {found.gid}")
        if found.uid < FIRST_PERSON or found.uid == _NOBODY:
            raise AppError(
                "system_account_refused",
                f"{person.name!r} is an account of the operating system (uid {found.uid}), not of a person.",
                hint="Use another user name.",
                status=403,
            )
        return found

    def close(self, name: str) -> None:
        """Let nobody in by the account, whatever they know, and end all that runs as it, where the platform made it.

        Files stay the person's, and the day on which the account expired so far is kept for `open`.

        Raises AppError as `processes.end`, and `account_failed`.
        """
        found = _find(name)
        if found is None or not self._is_ours(found):
            return
        with self._lock():
            day = closed.expires(name)
            if day is not None and (day != closed.DAY or self._closed.day(name) is None):
                self._closed.note(name, day)  # first: without it nobody would open the account
            if day not in {closed.DAY, None}:
                _expire(name, closed.DAY)
        processes.end(found.uid)

    def open(self, name: str) -> None:
        """Let the person in again, where `close` shut the account, until the day on which it expired before.

        Nothing where the site closed it: before the platform did, or since by another day than the platform's. Raises
        AppError `account_failed`.
        """
        found = _find(name)
        if found is None or not self._is_ours(found):
            return
        with self._lock():
            day = self._closed.day(name)
            if day is None:
                return
            if day != closed.DAY and closed.expires(name) == closed.DAY:
                _expire(name, day)
            self._closed.forget(name)

    def _is_ours(self, account: Account) -> bool:
        return self._settings.manage_accounts and FIRST_UID <= account.uid <= LAST_UID

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """Hold the lock of the accounts; there are records of those that are closed from then on."""
        with locks.held(self._settings.run_dir, "accounts.lock", lambda: None):
            self._closed.begin(self._expired)
            yield

    def _expired(self) -> Iterator[str]:
        for name in closed.expired():
            found = _find(name)
            if found is not None and self._is_ours(found):
                yield name

    def team(self, spec: ProjectSpec, *, make: bool = True) -> tuple[Account, Team]:
        """Return the owner's account and the project's team by uid; accounts are made as `ensure` does."""
        owner = self.ensure(spec.owner, make=make)
        members: dict[int, int] = {}
        viewers: dict[int, int] = {}
        for member in spec.members:
            account = self.ensure(member, make=make)
            (members if member.role == "member" else viewers)[account.uid] = account.gid
        anonymous = self.anonymous().uid if spec.public and self._settings.anonymous else None
        return owner, Team(owner.uid, owner.gid, members, viewers, anonymous)

    def anonymous(self) -> Account:
        """Return the account of ANON_USER: what it may read, everybody may, and it may write nowhere.

        Raises:
            AppError: `anonymous_account_missing`, `anonymous_account_refused` (not an account for this alone).
        """
        name = self._settings.anon_user
        hint = "Run the playbook, or correct ANON_USER in etc/wakari/config.json ('disabled' switches it off)."
        found = _find(name)
        if found is None:
            raise AppError(
                "anonymous_account_missing",
                f"The account {name!r}, under which people look at public projects, does not exist on this node.",
                hint=hint,
                status=500,
            )
        service = self.service()
        groups = set(os.getgrouplist(name, found.gid))
        if found.uid in {0, service.pw_uid} or found.uid >= FIRST_PERSON or groups - {found.gid}:
            what = f"uid {found.uid}, groups {', '.join(map(str, sorted(groups)))}"
        elif found.gid in {0, service.pw_gid}:
            what = f"the group {found.gid} of the platform's own"
        else:
            return found
        raise AppError(
            "anonymous_account_refused",
            f"{name!r} ({what}) cannot be the account under which people look at public projects: "
            f"that must be a system account (uid below {FIRST_PERSON}), in no group but its own.",
            hint=hint,
            status=500,
        )

    def is_system(self, name: str) -> bool:
        """Return whether the account is one of the operating system or the platform; False where there is none."""
        found = _find(name)
        return found is not None and found.uid < FIRST_PERSON

    def _make(self, person: Person) -> Account:
        try:
            taken = pwd.getpwuid(person.uid).pw_name
        except KeyError:
            taken = None
        if taken is not None:
            raise _conflict(person, f"cannot be made: uid {person.uid} belongs to {taken!r}")
        gid, holder = _gid_of(person.name), _group_of(person.gid)
        if gid is None and holder is not None:
            raise _conflict(person, f"cannot be made: gid {person.gid} belongs to the group {holder!r}")
        if gid is None:
            _run(["groupadd", "--gid", str(person.gid), "--", person.name], person.name)
        elif gid != person.gid:
            raise _conflict(person, f"cannot be made: a group of that name has gid {gid}")
        home = self._settings.home_root / person.name
        command = ["useradd", "--uid", str(person.uid), "--gid", str(person.gid), "--no-user-group"]
        command += ["--home-dir", str(home), "--create-home", "--key", "HOME_MODE=0700", "--shell", "/bin/bash"]
        # Nobody comes in by it before the project of theirs is here: `open`.
        command += ["--expiredate", closed.DAY]
        self._closed.note(person.name, "")
        _run([*command, "--comment", person.name, "--", person.name], person.name)
        found = _find(person.name)
        if found is None:
            raise _failed(person.name, "useradd ended well, and the account is not there")
        return found


def _find(name: str) -> Account | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, Path(entry.pw_dir), entry.pw_shell or "/bin/sh")


def _gid_of(group: str) -> int | None:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return None


def _group_of(gid: int) -> str | None:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return None


def _expire(name: str, day: str) -> None:
    _run(["usermod", "--expiredate", day, "--", name], name)


def _run(command: list[str], name: str) -> None:
    """Run a command of shadow-utils; wait where another program holds the account files (lckpwdf(3))."""
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, env=_ENVIRONMENT)
        except subprocess.TimeoutExpired as error:
            raise _failed(name, f"{command[0]} does not end") from error
        if done.returncode == 0:
            return
        if "cannot lock" not in done.stderr or time.monotonic() > deadline:
            raise _failed(name, done.stderr.strip()[-300:])
        time.sleep(0.2)


def _failed(name: str, why: str) -> AppError:
    return AppError(
        "account_failed",
        f"The account {name!r} could not be made or changed: {why}",
        hint="An administrator must look at the accounts of this node.",
        status=500,
    )


def _conflict(person: Person, what: str) -> AppError:
    return AppError(
        "account_conflict",
        f"The account {person.name!r} (uid {person.uid}, gid {person.gid}) {what}.",
        hint="An administrator must rename or renumber one of the two, on this node or at the server. "
        f"Numbers {FIRST_UID} to {LAST_UID} are the platform's; accounts and groups of the node's own belong below.",
        status=409,
    )
