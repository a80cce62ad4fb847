# SPDX-License-Identifier: GPL-3.0-or-later
"""wk-environment as people use it: two members of a project, with the access lists that the platform sets."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.environments.conftest import Root
from wakari.environments.clone import Owner, clone
from wakari.permissions import tree
from wakari.permissions.engine import Engine
from wakari.permissions.policy import Policy, Team

pytestmark = pytest.mark.root
SERVICES = Path(__file__).parents[3] / "services"
# Accounts that every Debian has and that own nothing here.
ALICE, BOB, EVE = (pwd.getpwnam(name) for name in ("games", "news", "uucp"))


@dataclass(frozen=True)
class Person:
    """Somebody at a terminal in the project."""

    account: pwd.struct_passwd
    project: Path
    anaconda: Path
    home: Path

    def run(self, *words: str | Path, umask: int = 0o007) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(word) for word in words],
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(self.home),
                "PYTHONPATH": str(SERVICES),
                "WAKARI_ANACONDA": str(self.anaconda),
                "WAKARI_PROJECT_HOME": str(self.project),
            },
            cwd=self.project,
            capture_output=True,
            text=True,
            check=False,
            user=self.account.pw_uid,
            group=self.account.pw_gid,
            extra_groups=[],
            umask=umask,
        )

    def wk(self, *words: str | Path, status: int = 0) -> Any:
        done = self.run(sys.executable, "-m", "wakari.environments.cli", *words, "--json")
        assert done.returncode == status, f"{done.returncode}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    def python(self, environment: str, code: str) -> str:
        done = self.run(self.project / "envs" / environment / "bin/python", "-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def apply(project: Path) -> dict[str, Any]:
    """Set the permissions as a project start does; return the report."""
    team = Team(ALICE.pw_uid, ALICE.pw_gid, {BOB.pw_uid: BOB.pw_gid})
    descriptor = tree.open_directory(project)
    try:
        return Engine(Policy(team), frozenset({0}), write=True).run(descriptor).as_dict()
    finally:
        os.close(descriptor)


@pytest.fixture(scope="module")
def project(root: Root, place: Path, channel: Path) -> Iterator[Path]:
    path = place / "people/alice/p1"
    path.mkdir(parents=True)
    for folder in (path.parent, path.parents[1]):
        folder.chmod(0o711)  # as projectRoot and the owner's folder: to pass through, not to read
    os.chown(path, ALICE.pw_uid, ALICE.pw_gid)
    clone(root.prefix, path / "envs/default", owner=Owner(ALICE.pw_uid, ALICE.pw_gid))
    apply(path)
    (root.prefix / ".condarc").write_text(f"channels: [defaults]\ndefault_channels: ['{channel}']\n")
    yield path
    (root.prefix / ".condarc").unlink()
    shutil.rmtree(place / "people")


def at(account: pwd.struct_passwd, project: Path, root: Root) -> Person:
    home = project.parents[1] / f"home-{account.pw_name}"
    if not home.exists():
        home.mkdir(mode=0o700)
        os.chown(home, account.pw_uid, account.pw_gid)
    return Person(account, project, root.prefix, home)


@pytest.fixture
def alice(project: Path, root: Root) -> Person:
    return at(ALICE, project, root)


@pytest.fixture
def bob(project: Path, root: Root) -> Person:
    return at(BOB, project, root)


def test_a_member_makes_an_environment_and_the_team_works_in_it(alice: Person, bob: Person) -> None:
    made = bob.wk("create", "analysis", "python", "pip", "six")
    assert made["prefix"] == str(bob.project / "envs/analysis")
    assert alice.python("analysis", "import six, sys; print(sys.prefix)") == f"{alice.project}/envs/analysis"
    # Right at once, before any repair: the other one adds, changes and removes.
    assert [one.split()[0] for one in alice.wk("install", "-n", "analysis", "attrs")["added"]] == ["attrs"]
    assert bob.python("analysis", "import attrs; print(attrs.__name__)") == "attrs"
    pip = bob.project / "envs/analysis/bin/pip"
    gone, back = ("uninstall", "-y", "six"), ("install", "six")
    for person, words in ((alice, gone), (bob, back), (alice, gone)):
        done = person.run(pip, *words)
        assert done.returncode == 0, done.stderr
    assert alice.wk("verify", "analysis", status=1)["problems"]  # pip took six away
    file = bob.project / "envs/analysis/lib/python3.11/site-packages/attrs/__init__.py"
    for person in (alice, bob):
        assert person.run("test", "-w", file).returncode == 0
    report = apply(alice.project)
    assert report["wrong"] == 0, report
    alice.wk("remove", "analysis")
    assert not (alice.project / "envs/analysis").exists()


def test_others_see_nothing_of_it(bob: Person, root: Root, project: Path) -> None:
    bob.wk("create", "closed", "six")
    eve = at(EVE, project, root)
    for path in (project / "envs/closed/conda-meta", project / "envs/closed/lib"):
        assert eve.run("ls", path).returncode != 0
    assert eve.wk("clone", f"{project}/envs/closed", "mine", "--home", status=9)["error"]["code"] == "forbidden"
    assert eve.wk("install", "-n", f"{project}/envs/closed", "attrs", status=9)["error"]["code"] == "forbidden"
    assert eve.wk("remove", f"{project}/envs/closed", status=9)["error"]["code"] == "forbidden"
    assert eve.wk("create", "theirs", "six", status=9)["error"]["code"] == "forbidden"
    bob.wk("remove", "closed")


def test_environments_are_listed_by_place(alice: Person) -> None:
    alice.wk("create", "own", "--home", "six")
    found = [(one["place"], one["name"], one["active"]) for one in alice.wk("list")["environments"]]
    assert found == [("project", "default", True), ("home", "own", False), ("root", "root", False)]
    alice.wk("remove", "own")


def test_lock_makes_the_same_environment_again(alice: Person, bob: Person) -> None:
    alice.wk("create", "first", "python", "attrs")
    lock = alice.home / "lock.txt"
    alice.wk("export", "first", "--file", lock)
    made = alice.wk("create", "second", "--file", lock)
    assert made["changed"]
    same = [alice.wk("packages", name)["packages"] for name in ("first", "second")]
    assert same[0] == same[1]
    assert alice.wk("verify", "second") == {"problems": []}
    listed = alice.home / "environment.yml"
    alice.wk("export", "first", "--format", "yaml", "--file", listed)
    alice.wk("create", "from-yaml", "--file", listed)
    assert alice.wk("packages", "from-yaml")["packages"] == same[0]
    assert "There is no environment" in alice.wk("remove", "none", status=8)["error"]["message"]
    # A package that is not the one of the lock is not installed.
    lock.write_text(re.sub(r"sha256:[0-9a-f]{64}", f"sha256:{'0' * 64}", lock.read_text()))
    assert alice.wk("create", "third", "--file", lock, status=4)["error"]["code"] == "hash_mismatch"
    assert not (alice.project / "envs/third").exists()
    for name in ("first", "second", "from-yaml"):
        bob.wk("remove", name)


def test_clone_for_the_team_of_another_project(alice: Person, root: Root, project: Path) -> None:
    other = project.parent / "p2"
    (other / "envs").mkdir(parents=True)
    for path in (other, other / "envs"):
        os.chown(path, ALICE.pw_uid, ALICE.pw_gid)
    apply(other)
    alice.wk("create", "source", "python", "six")
    there = Person(ALICE, other, root.prefix, alice.home)
    report = there.wk("clone", "alice/p1:source", "target")
    assert report["prefix"] == str(other / "envs/target")
    assert report["linked"] == 0  # what two projects shared, one of them would change for the other
    assert Person(BOB, other, root.prefix, alice.home).python("target", "import six, sys; print(sys.prefix)") == str(
        other / "envs/target"
    )
    assert apply(other)["wrong"] == 0
    assert alice.wk("clone", "source", "twin")["linked"] > 1000  # within one, it may
    for name in ("source", "twin"):
        alice.wk("remove", name)


def test_editable_install_is_named_when_it_is_cloned(alice: Person) -> None:
    code = alice.project / "code"
    code.mkdir()
    (code / "pyproject.toml").write_text('[project]\nname = "mine"\nversion = "1"\n')
    (code / "mine.py").write_text("answer = 42\n")
    subprocess.run(["chown", "-R", str(ALICE.pw_uid), str(code)], check=True)
    alice.wk("create", "editing", "python", "pip", "setuptools")
    done = alice.run(
        alice.project / "envs/editing/bin/pip", "install", "--no-build-isolation", "--no-deps", "-e", str(code)
    )
    assert done.returncode == 0, done.stderr
    report = alice.wk("clone", "editing", "edited")
    assert report["outside"] == [f"mine is taken from {code}"]
    assert alice.python("edited", "import mine; print(mine.answer)") == "42"
    for name in ("editing", "edited"):
        alice.wk("remove", name)


def test_root_distribution_and_what_is_in_use_are_kept(alice: Person, root: Root) -> None:
    assert alice.wk("remove", "root", status=10)["error"]["code"] == "protected"
    assert alice.wk("remove", "default", status=10)["error"]["code"] == "protected"
    assert alice.wk("install", "-n", "root", "six", status=9)["error"]["code"] == "forbidden"
    assert (root.prefix / "bin/python").exists()
    assert (alice.project / "envs/default/bin/python").exists()


def test_default_environment_takes_packages_and_the_root_is_left_alone(alice: Person, bob: Person, root: Root) -> None:
    before = (root.prefix / "lib/python3.11/site-packages/six.py").stat()
    assert bob.wk("update", "-n", "default", "six")["changed"] is False
    done = bob.run(bob.project / "envs/default/bin/pip", "install", "--force-reinstall", "--no-deps", "six")
    assert done.returncode == 0, done.stderr
    assert alice.python("default", "import six; print(six.__name__)") == "six"
    after = (root.prefix / "lib/python3.11/site-packages/six.py").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
