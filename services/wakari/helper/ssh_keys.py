# SPDX-License-Identifier: GPL-3.0-or-later
"""SSH keys of the people of this node's projects: one file of root's for each, which sshd reads besides their own.

Who has a file, with keys or without, has a project here; the account of who has none any more is closed.
The drop-in of the role names the folder in AuthorizedKeysFile (sshd_config(5)). Nothing in a home is touched.
"""

from __future__ import annotations

import syslog
from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from wakari.core.errors import AppError
from wakari.core.messages import Person, ProjectSpec
from wakari.helper import locks
from wakari.helper.accounts import Accounts
from wakari.helper.settings import HelperSettings
from wakari.permissions.failures import write_error

_REVISION = "# revision "


class SshKeys:
    """The files of keys. `projects` returns the projects of this node as they were told last."""

    def __init__(
        self, settings: HelperSettings, accounts: Accounts, projects: Callable[[], Iterable[ProjectSpec]]
    ) -> None:
        self._settings = settings
        self._accounts = accounts
        self._projects = projects
        self._folder = settings.state_dir / "ssh-keys"

    def give(self, spec: ProjectSpec) -> None:
        """Write the keys of the project's people, and open their accounts; a file that tells a newer revision stays.

        A person whose account here is missing, or is not theirs, gets no file.

        Raises:
            AppError: what accounts raise for the first such person, once everybody else has their keys; `no_space` etc.
        """
        failed: AppError | None = None
        with self._lock():
            for person in spec.people:
                try:
                    self._accounts.ensure(person, make=False)
                except AppError as error:
                    failed = failed or error
                    self._file(person.name).unlink(missing_ok=True)
                else:
                    self._write(person)
                    if not person.banned:
                        self._accounts.open(person.name)
        if failed is not None:
            raise failed

    def withdraw(self, spec: ProjectSpec | None = None, concerned: Collection[str] = frozenset()) -> AppError | None:
        """Take the keys of everybody who is banned, or in no project of this node, and close their accounts.

        `spec` is a project as it is now, where what was told last is older. A site that makes the accounts itself, and
        may have given them other ways in, closes them itself.

        Returns what `Accounts.close` raised first for somebody `concerned`, once all are done; None where nothing. Of
        others the journal tells: no project waits for people it does not know. Asked again, it tries all of them anew.
        """
        failed: AppError | None = None
        with self._lock():
            files = {path.name: path for path in self._folder.iterdir() if not path.name.startswith(".")}
            here = {person.name for person in spec.people} if spec else set()
            for one in self._projects():
                if spec is None or one.path != spec.path:
                    here.update(person.name for person in one.people)
            banned = {person.name for person in spec.people if person.banned} if spec else set()
            for name in sorted(files.keys() - (here - banned)):
                # First no key, then nobody who came by one; the file goes last: it tells that there is work left.
                files[name].write_text("", encoding="ascii")
                try:
                    self._accounts.close(name)
                except AppError as error:
                    if name in concerned:
                        failed = failed or error
                    else:
                        why = ascii(error.message)[:400]
                        syslog.syslog(syslog.LOG_WARNING, f"not closed user={name} code={error.code} why={why}")
                else:
                    files[name].unlink()
        return failed

    def _write(self, person: Person) -> None:
        path = self._file(person.name)
        if person.ssh_keys is None:
            path.touch(mode=0o644)
            return
        if _revision(path) > person.ssh_keys.revision:
            return
        head = [f"{_REVISION}{person.ssh_keys.revision}", "# From the account page; changes made here are lost."]
        temporary = path.with_name(f".{person.name}.new")
        try:
            temporary.write_text("\n".join([*head, *person.ssh_keys.lines, ""]), encoding="ascii")
            temporary.chmod(0o644)
            temporary.replace(path)
        except OSError as error:
            raise write_error(error) from error

    def _file(self, name: str) -> Path:
        return self._folder / name

    def _lock(self) -> AbstractContextManager[None]:
        self._folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        return locks.held(self._settings.run_dir, "ssh-keys.lock", lambda: None)


def _revision(path: Path) -> int:
    """Return the revision that the file tells; -1 where there is none."""
    try:
        first = path.read_text(encoding="ascii").partition("\n")[0]
    except (OSError, ValueError):
        return -1
    number = first.removeprefix(_REVISION)
    return int(number) if first.startswith(_REVISION) and number.isdecimal() else -1
