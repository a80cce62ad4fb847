# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.environments.conftest import PERSON, Clone, Root, say
from tests.integration.environments.notebook_server import notebook_server
from wakari.environments.clone import clone
from wakari.environments.create import create
from wakari.environments.errors import EnvironmentsError
from wakari.environments.prefix import describe
from wakari.environments.request import CreateRequest
from wakari.environments.verify import verify

pytestmark = pytest.mark.root


def as_person(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command as the owner of the clone, with nothing of this process's environment."""
    return subprocess.run(
        [str(word) for word in command],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LANG": "C.UTF-8", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        user=PERSON.uid,
        group=PERSON.gid,
        extra_groups=[],
    )


def test_root_distribution_is_whole_and_readable(root: Root) -> None:
    assert root.result.changed
    assert verify(root.prefix) == []
    assert describe(root.prefix).has_kernel
    assert not (root.prefix / "CACHEDIR.TAG").exists()
    unreadable = [path.name for path in (root.prefix / "conda-meta").iterdir() if not path.stat().st_mode & 0o004]
    assert unreadable == []
    assert as_person(root.prefix / "bin/pip", "check").stdout == "No broken requirements found.\n"


def test_second_creation_changes_nothing(root: Root) -> None:
    again = create(root.request)
    assert (again.changed, again.packages) == (False, root.result.packages)


def test_python_knows_its_own_prefix(cloned: Clone) -> None:
    code = (
        "import json, ssl, sqlite3, ctypes, lzma, sys, sysconfig, numpy, pandas, matplotlib.pyplot\n"
        "of_python = {sysconfig.get_paths()['purelib'], sysconfig.get_config_var('LIBDIR')}\n"
        "print(json.dumps([sys.prefix, sys.executable, numpy.__file__, pandas.__file__, *of_python]))"
    )
    asked = as_person(cloned.prefix / "bin/python", "-c", code)
    assert asked.returncode == 0, asked.stderr
    paths = json.loads(asked.stdout)
    assert [path for path in paths if not path.startswith(str(cloned.prefix))] == []


def test_server_of_the_root_runs_kernels_of_the_clone(root: Root, cloned: Clone, place: Path) -> None:
    home = place / "home"
    home.mkdir()
    os.chown(home, PERSON.uid, PERSON.gid)
    started = time.monotonic()
    with notebook_server(root.prefix, cloned.prefix, PERSON.uid, home) as server:
        ready = time.monotonic()
        code = "import os, sys, numpy; (sys.prefix, os.getuid(), int(numpy.arange(4).sum()) * 7)"
        assert server.run("python3", code) == f"('{cloned.prefix}', {PERSON.uid}, 42)"
        say(f"server up: {ready - started:.2f} s, first answer of a kernel: {time.monotonic() - ready:.2f} s")
        server.terminal_says("echo $((40+2))T", "42T")
    shutil.rmtree(home)


def test_clone_is_small_and_belongs_to_its_owner(cloned: Clone) -> None:
    own, shared, bytes_of_its_own = [], [], 0
    for path in [cloned.prefix, *cloned.prefix.rglob("*")]:
        status = path.lstat()
        if path.is_file() and not path.is_symlink() and status.st_nlink > 1:
            shared.append(status.st_uid)
        else:
            own.append(status.st_uid)
            bytes_of_its_own += status.st_size if path.is_file() else 0
    assert set(own) == {PERSON.uid}
    assert set(shared) == {0}
    assert len(shared) == cloned.report.linked > 10_000
    assert bytes_of_its_own < 20e6
    say(f"clone: {len(shared)} files shared, {bytes_of_its_own / 1e6:.1f} MB of its own")


def test_what_a_person_does_in_the_clone_stays_there(root: Root, cloned: Clone, place: Path) -> None:
    wheel = place / "small-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("small.py", "answer = 42\n")
        archive.writestr("small-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: small\nVersion: 1.0\n")
        archive.writestr("small-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("small-1.0.dist-info/RECORD", "small.py,,\n")
    pip = cloned.prefix / "bin/pip"
    for arguments in (["install", "--no-index", str(wheel)], ["uninstall", "-y", "six"]):
        done = as_person(pip, *arguments)
        assert done.returncode == 0, done.stderr
    assert as_person(cloned.prefix / "bin/python", "-c", "import small; print(small.answer)").stdout == "42\n"
    assert as_person(cloned.prefix / "bin/python", "-c", "import six").returncode == 1
    assert as_person(root.prefix / "bin/python", "-c", "import six").returncode == 0
    assert as_person(root.prefix / "bin/python", "-c", "import small").returncode == 1
    shared = cloned.prefix / "lib/python3.11/site-packages/numpy/__init__.py"
    assert "Permission denied" in as_person("/bin/sh", "-c", f"echo changed >> {shared}").stderr
    assert verify(root.prefix) == []


def test_pip_installed_packages_are_cloned(cloned: Clone, place: Path) -> None:
    script = cloned.prefix / "bin/of-pip"
    script.write_text(f"#!{cloned.prefix}/bin/python\nimport sys\nprint(sys.prefix)\n")
    script.chmod(0o755)
    second = place / ("second-" + "n" * 100)
    clone(cloned.prefix, second, owner=PERSON)
    assert as_person(second / "bin/of-pip").stdout == f"{second}\n"
    assert as_person(second / "bin/jupyter", "--version").returncode == 0
    shutil.rmtree(second)


def test_virtual_environment_on_top_of_a_clone(cloned: Clone) -> None:
    made = as_person(cloned.prefix / "bin/python", "-m", "venv", cloned.prefix / "venv")
    assert made.returncode == 0, made.stdout + made.stderr
    code = "import site, sys; print(sys.prefix, *site.getsitepackages())"
    asked = as_person(cloned.prefix / "venv/bin/python", "-c", code).stdout
    assert asked == f"{cloned.prefix}/venv {cloned.prefix}/venv/lib/python3.11/site-packages\n"


def test_hostile_parent_is_refused(root: Root, place: Path) -> None:
    (place / "hostile").mkdir()
    (place / "victim").mkdir()
    (place / "hostile" / "envs").symlink_to(place / "victim")
    os.chown(place / "hostile" / "envs", PERSON.uid, PERSON.gid, follow_symlinks=False)
    with pytest.raises(EnvironmentsError) as refused:
        clone(root.prefix, place / "hostile" / "envs" / "default", owner=PERSON)
    assert refused.value.code == "unsafe_path"
    assert list((place / "victim").iterdir()) == []


def test_files_of_other_people_are_not_shared(cloned: Clone, place: Path) -> None:
    theirs = cloned.prefix / "lib/python3.11/site-packages/theirs.py"
    theirs.write_text("answer = 1\n")
    os.chown(theirs, PERSON.uid, PERSON.gid)
    other = place / "other"
    clone(cloned.prefix, other)
    copy = other / theirs.relative_to(cloned.prefix)
    assert copy.read_text() == "answer = 1\n"
    assert not copy.samefile(theirs)
    assert (other / "bin/python3.11").samefile(cloned.prefix / "bin/python3.11")
    shutil.rmtree(other)


def test_changed_package_is_refused(channel: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "channel"
    shutil.copytree(channel, damaged, copy_function=os.link)
    package = next((damaged / "linux-64").glob("six-*.conda"))
    content = bytearray(package.read_bytes())
    package.unlink()
    content[len(content) // 2] ^= 1
    package.write_bytes(content)
    request = CreateRequest((str(damaged),), ("six",), tmp_path / "env", tmp_path / "env" / "pkgs")
    with pytest.raises(EnvironmentsError, match=r"six-.*sha256") as refused:
        create(request)
    assert refused.value.code == "hash_mismatch"
    assert not (tmp_path / "env").exists()
    with pytest.raises(EnvironmentsError) as refused:
        create(dataclasses.replace(request, specs=("six>=99",)))
    assert refused.value.code == "unsatisfiable"


def test_packages_are_added_to_an_environment(channel: Path, tmp_path: Path) -> None:
    request = CreateRequest((str(channel),), ("python", "six"), tmp_path / "env", tmp_path / "env" / "pkgs")
    assert create(request).changed
    more = create(dataclasses.replace(request, specs=("python", "six", "attrs")))
    assert (more.changed, [name.split()[0] for name in more.added], more.removed) == (True, ["attrs"], ())
    assert verify(tmp_path / "env") == []


def test_a_dry_run_tells_and_changes_nothing(channel: Path, tmp_path: Path) -> None:
    request = CreateRequest((str(channel),), ("six",), tmp_path / "env", tmp_path / "pkgs")
    asked = dataclasses.replace(request, dry_run=True)
    assert create(asked).changed
    assert list(tmp_path.iterdir()) == []
    create(request)
    before = sorted(tmp_path.rglob("*"))
    assert not create(asked).changed
    more = dataclasses.replace(asked, specs=("six", "certifi"), keep=True)
    assert create(more).changed
    assert sorted(tmp_path.rglob("*")) == before


def test_full_disk_is_said_and_left_clean(channel: Path, tmp_path: Path) -> None:
    with memory_disk(tmp_path / "small", "24m") as small:
        with pytest.raises(EnvironmentsError) as refused:
            create(CreateRequest((str(channel),), ("numpy",), small / "env", small / "env" / "pkgs"))
        assert refused.value.code == "no_space"
        assert list(small.iterdir()) == []


def test_interrupted_creation_leaves_nothing_and_nobody_at_work(channel: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "env"
    command = [sys.executable, "-m", "wakari.environments.cli", "create", "--prefix", str(prefix), "-c", str(channel)]
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what it runs in the background ignore it
    with subprocess.Popen(
        [*command, "python", "jupyterlab"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stderr
        while "installing" not in (line := process.stderr.readline()):
            assert line, "it ended"
        os.kill(process.pid, signal.SIGINT)  # it alone: its child must be ended by it
        assert "interrupted" in process.stderr.read()
        assert process.wait(30) == 130
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)
    assert not prefix.exists()


def test_clone_on_another_disk_is_a_copy_that_works(channel: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    create(CreateRequest((str(channel),), ("python", "pip", "six"), source, tmp_path / "pkgs"))
    with memory_disk(tmp_path / "disk", "200m") as disk:
        report = clone(source, disk / "envs" / "copy")
        assert (report.linked, report.copied > 1000) == (0, True)
        code = "import six, sys; print(sys.prefix)"
        said = subprocess.run([disk / "envs/copy/bin/python", "-c", code], capture_output=True, text=True, check=True)
        assert said.stdout == f"{disk}/envs/copy\n"
        said = subprocess.run([disk / "envs/copy/bin/pip", "--version"], capture_output=True, text=True, check=True)
        assert str(disk) in said.stdout
    with memory_disk(tmp_path / "disk", "8m") as disk:
        with pytest.raises(EnvironmentsError) as refused:
            clone(source, disk / "copy")
        assert refused.value.code == "no_space"
        assert list(disk.iterdir()) == []


@contextmanager
def memory_disk(place: Path, size: str) -> Iterator[Path]:
    """Return a file system of its own, of that size, for the block."""
    place.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)
