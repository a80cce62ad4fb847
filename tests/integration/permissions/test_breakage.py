# SPDX-License-Identifier: GPL-3.0-or-later
"""What breaks ACLs in practice, done by the real programs as a member: what the team can do at once, and after repair.

docs/permissions.md has the same as a table ("What breaks ACLs, and what then").
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.permissions.people import ALICE, BOB, CAROL, DAVE, SERVICE, rights
from wakari.permissions import tree
from wakari.permissions.engine import Engine
from wakari.permissions.policy import Policy, Team
from wakari.permissions.report import Report

pytestmark = pytest.mark.root

TEAM = Team(ALICE, ALICE, members={BOB: BOB}, viewers={CAROL: CAROL})
# What owner, viewer and a stranger may do with a file.
WHOLE, NOTHING, EXECUTABLE = ("rw-", "r--", "---"), ("---", "---", "---"), ("rwx", "r-x", "--x")


@dataclass(frozen=True)
class Case:
    """What a member does (sh), a file, and what owner, viewer and stranger may do with it at once and after repair."""

    script: str
    file: str
    at_once: tuple[str, str, str]
    repaired: tuple[str, str, str] = WHOLE


ATOMIC = (
    "import os, tempfile; handle, name = tempfile.mkstemp(dir='.'); os.write(handle, b'new'); os.replace(name, '{}')"
)
CASES = {
    "umask": Case("umask 077; echo x >new", "new", WHOLE),
    "umask, in a new folder": Case("umask 077; mkdir -p d/e; echo x >d/e/new", "d/e/new", WHOLE),
    "chmod -R 700": Case("mkdir d; echo x >d/new; chmod -R 700 d", "d/new", NOTHING, EXECUTABLE),
    "chmod -R 644": Case("mkdir d; echo x >d/new; chmod -R 644 d || true", "d/new", NOTHING),
    "chmod 600": Case("echo x >new; chmod 600 new", "new", NOTHING),
    "chmod +x": Case("echo x >new; chmod +x new", "new", EXECUTABLE, EXECUTABLE),
    "unzip": Case("unzip -q $ARCHIVES/a.zip", "pack/public-mode", ("r--", "r--", "r--")),
    "unzip of a closed file": Case("unzip -q $ARCHIVES/a.zip", "pack/closed-mode", NOTHING),
    "unzip of a program": Case("unzip -q $ARCHIVES/a.zip", "pack/run", ("r-x", "r-x", "r-x"), EXECUTABLE),
    "tar -x": Case("tar -xf $ARCHIVES/a.tar", "pack/public-mode", ("r--", "r--", "---")),
    "tar -x of a closed file": Case("tar -xf $ARCHIVES/a.tar", "pack/closed-mode", NOTHING),
    "tar -xp": Case("tar -xpf $ARCHIVES/a.tar", "pack/public-mode", ("r--", "r--", "---")),
    "cp": Case("cp of-owner new", "new", WHOLE),
    "cp -p of a team mate's file": Case("cp -p of-owner new", "new", WHOLE),
    "cp -p from outside": Case("cp -p $ARCHIVES/outside new", "new", ("r--", "r--", "r--")),
    "mv from outside": Case("cp $ARCHIVES/outside $HOME/x; mv $HOME/x new", "new", ("r--", "r--", "r--")),
    "git checkout": Case("git clone -q $ARCHIVES/repo r", "r/file", WHOLE),
    "git checkout of a program": Case("git clone -q $ARCHIVES/repo r", "r/run", EXECUTABLE, EXECUTABLE),
    "git objects": Case("git clone -q --no-local $ARCHIVES/repo r", "r/.git/HEAD", WHOLE),
    "vim, own file": Case("echo x >new; vim -u NONE -es -c 's/x/y/' -c wq new", "new", WHOLE),
    "vim, team mate's file": Case("vim -u NONE -es -c 's/x/y/' -c wq of-owner", "of-owner", WHOLE),
    "vim, renaming": Case("echo x >new; vim -u NONE -es -c 'set bkc=no' -c 's/x/y/' -c wq new", "new", WHOLE),
    "sed -i, own file": Case("echo x >new; sed -i s/x/y/ new", "new", WHOLE),
    "sed -i, team mate's file": Case("sed -i s/x/y/ of-owner", "of-owner", WHOLE),
    "atomic replace by Python": Case(f'python3 -c "{ATOMIC.format("of-owner")}"', "of-owner", NOTHING),
}


@pytest.fixture(scope="module")
def archives() -> Iterator[Path]:
    """Return a folder everybody may read, with what the scripts unpack; nothing of it is the project's."""
    with tempfile.TemporaryDirectory(prefix="wakari-archives-", dir="/var/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        pack = folder / "pack"
        pack.mkdir()
        for file, mode in (("public-mode", 0o644), ("closed-mode", 0o600), ("run", 0o755)):
            (pack / file).write_text("x")
            (pack / file).chmod(mode)
        (folder / "outside").write_text("x")
        (folder / "outside").chmod(0o644)
        subprocess.run(["tar", "-cf", "a.tar", "pack"], cwd=folder, check=True)
        subprocess.run(["zip", "-qr", "a.zip", "pack"], cwd=folder, check=True)
        identity = "-c user.name=x -c user.email=x@example.org"
        make = "git init -q repo; cd repo; echo x >file; echo x >run; chmod +x run; git add ."
        subprocess.run(["sh", "-ec", f"{make}; git {identity} commit -qm x"], cwd=folder, check=True)
        subprocess.run(["chown", "-R", str(BOB), str(folder / "repo")], check=True)
        yield folder


@pytest.fixture
def project() -> Iterator[Path]:
    """Return a project of ALICE's in which all is right, with a file of hers."""
    with tempfile.TemporaryDirectory(prefix="wakari-breakage-", dir="/var/tmp") as name:
        Path(name).chmod(0o755)
        root = Path(name) / "project"
        root.mkdir()
        (root / "of-owner").write_text("x\n")
        for path in (root, root / "of-owner"):
            os.chown(path, ALICE, ALICE)
        home = Path(name) / "home"
        home.mkdir(mode=0o700)
        os.chown(home, BOB, BOB)
        applied(root, write=True)
        yield root


def applied(root: Path, *, write: bool) -> Report:
    descriptor = tree.open_directory(root)
    try:
        return Engine(Policy(TEAM), frozenset({0, SERVICE}), write=write).run(descriptor)
    finally:
        os.close(descriptor)


def as_member(script: str, root: Path, archives: Path) -> None:
    """Run a shell script as BOB in the project, with the umask a login has."""
    home = root.parent / "home"
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(home), "ARCHIVES": str(archives), "TERM": "dumb"}
    person = {"user": BOB, "group": BOB, "extra_groups": [], "umask": 0o022}
    subprocess.run(["sh", "-ec", script], cwd=root, env=environment, check=True, timeout=60, **person)  # type: ignore[call-overload]


@pytest.mark.parametrize("name", CASES)
def test_what_the_team_can_do_at_once_and_after_repair(name: str, project: Path, archives: Path) -> None:
    case = CASES[name]
    as_member(case.script, project, archives)
    file = project / case.file
    assert tuple(rights(uid, file) for uid in (ALICE, CAROL, DAVE)) == case.at_once
    applied(project, write=True)
    assert tuple(rights(uid, file) for uid in (ALICE, CAROL, DAVE)) == case.repaired
    assert rights(BOB, file) == case.repaired[0]
    again = applied(project, write=False)
    assert (again.wrong, again.skipped.get("refused", 0)) == (0, 0)


def test_programs_are_there() -> None:
    assert [name for name in ("unzip", "zip", "git", "vim", "tar", "sed") if shutil.which(name) is None] == []
