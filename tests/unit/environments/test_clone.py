# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.environments.conftest import MakePrefix
from wakari.environments.clone import clone
from wakari.environments.errors import EnvironmentsError
from wakari.environments.verify import verify


def test_clone_shares_files_and_rewrites_what_names_the_prefix(make_prefix: MakePrefix, tmp_path: Path) -> None:
    source, destination = make_prefix(), tmp_path / "p" / "envs" / "default"
    (tmp_path / "p").mkdir()
    report = clone(source, destination)
    assert (destination / "lib/data.txt").samefile(source / "lib/data.txt")
    assert (destination / "bin/python3.11").samefile(source / "bin/python3.11")
    tool = (destination / "bin/tool").read_text()
    assert tool == f"#!{destination}/bin/python\nprint('{destination}/share', '{source}-old')\n"
    assert (destination / "bin/tool").stat().st_mode & 0o777 == 0o755
    assert (destination / "lib/config.sh").read_text() == f"PREFIX={destination}\n"
    library = (destination / "lib/lib.so").read_bytes()
    assert library.startswith(b"A\0" + f"{destination}/lib".encode() + b"\0")
    assert len(library) == (source / "lib/lib.so").stat().st_size
    assert (report.linked, report.copied, report.rewritten, report.symlinks) == (2, 1, 3, 3)
    assert verify(destination) == []


def test_source_is_never_changed(make_prefix: MakePrefix, tmp_path: Path) -> None:
    source = make_prefix()
    before = {path: path.read_bytes() for path in source.rglob("*") if path.is_file()}
    clone(source, tmp_path / "clone")
    for file in (tmp_path / "clone" / "bin/tool", tmp_path / "clone" / "lib/config.sh"):
        file.write_text("changed in the clone")
    assert before == {path: path.read_bytes() for path in source.rglob("*") if path.is_file()}


def test_cache_and_other_environments_stay_behind(make_prefix: MakePrefix, tmp_path: Path) -> None:
    clone(make_prefix(), tmp_path / "clone")
    assert sorted(path.name for path in (tmp_path / "clone").iterdir()) == ["bin", "conda-meta", "lib"]


def test_symbolic_links_are_kept_and_not_followed(make_prefix: MakePrefix, tmp_path: Path) -> None:
    destination = tmp_path / "clone"
    clone(make_prefix(), destination)
    leads = {name: (destination / "bin" / name).readlink() for name in ("python", "abs", "outside")}
    assert leads == {
        "python": Path("python3.11"),
        "abs": destination / "bin/python3.11",
        "outside": Path("/etc/hostname"),
    }


def test_what_pip_installed_comes_along(make_prefix: MakePrefix, tmp_path: Path) -> None:
    source, destination = make_prefix(), tmp_path / "clone"
    kernel = source / "share/jupyter/kernels/python3/kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(f'{{"argv": ["{source}/bin/python"]}}')
    editable = source / "lib/python3.11/site-packages/editable.pth"
    editable.write_text(f"{source}/src\n")
    (source / "bin/pip-script").write_text(f"#!{source}/bin/python\n")
    (source / "bin/program").write_bytes(b"\x7fELF\0" + str(source).encode() + b"\0")
    clone(source, destination)
    assert str(source) + "/" not in (destination / kernel.relative_to(source)).read_text()
    assert (destination / editable.relative_to(source)).read_text() == f"{destination}/src\n"
    assert (destination / "bin/pip-script").read_text() == f"#!{destination}/bin/python\n"
    assert (destination / "bin/program").samefile(source / "bin/program")


def test_clone_of_a_clone_names_only_the_last(make_prefix: MakePrefix, tmp_path: Path) -> None:
    source = make_prefix()
    clone(source, tmp_path / "a-rather-long-name-for-a-clone")
    clone(tmp_path / "a-rather-long-name-for-a-clone", tmp_path / "b")
    library = (tmp_path / "b/lib/lib.so").read_bytes()
    assert library.startswith(b"A\0" + f"{tmp_path}/b/lib".encode() + b"\0")
    assert library.endswith(b"\0tail\0")
    assert (tmp_path / "b/lib/config.sh").read_text() == f"PREFIX={tmp_path}/b\n"


@pytest.mark.parametrize("number", [errno.EXDEV, errno.EMLINK, errno.EPERM])
def test_files_that_cannot_be_linked_are_copied(
    make_prefix: MakePrefix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def refuse(*_args: Any, **_options: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)
    source, destination = make_prefix(), tmp_path / "clone"
    os.utime(source / "lib/data.txt", (1_000_000_000, 1_000_000_000))
    report = clone(source, destination)
    assert (report.linked, report.copied) == (0, 3)
    copied = destination / "lib/data.txt"
    assert copied.read_text() == "no path here\n"
    assert not copied.samefile(source / "lib/data.txt")
    assert copied.stat().st_mtime == 1_000_000_000  # byte code caches compare it


def test_any_other_failure_leaves_nothing(
    make_prefix: MakePrefix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: Any, **_options: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "p").mkdir()
    with pytest.raises(EnvironmentsError) as failed:
        clone(make_prefix(), tmp_path / "p" / "clone")
    assert failed.value.code == "no_space"
    assert list((tmp_path / "p").iterdir()) == []


def test_killed_clone_is_not_taken_for_a_whole_one(make_prefix: MakePrefix, tmp_path: Path) -> None:
    source, destination = make_prefix(), tmp_path / "p" / "clone"
    (tmp_path / "p").mkdir()
    program = (
        "import os, signal, sys; from pathlib import Path; from wakari.environments.clone import clone\n"
        "link = os.link\n"
        "os.link = lambda *a, **o: (link(*a, **o), os.kill(os.getpid(), signal.SIGKILL))\n"
        "clone(Path(sys.argv[1]), Path(sys.argv[2]))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run([sys.executable, "-c", program, source, destination], env=environment, check=False)
    assert killed.returncode == -9
    assert not destination.exists()
    assert [path.name.startswith(".clone.partial-") for path in destination.parent.iterdir()] == [True]
    clone(source, destination)
    assert [path.name for path in destination.parent.iterdir()] == ["clone"]
    assert verify(destination) == []


@pytest.mark.parametrize("kind", ["link", "file", "full"])
def test_destination_that_exists_is_never_touched(make_prefix: MakePrefix, tmp_path: Path, kind: str) -> None:
    destination, victim = tmp_path / "clone", tmp_path / "victim"
    victim.mkdir()
    if kind == "link":
        destination.symlink_to(victim)
    elif kind == "file":
        destination.write_text("mine")
    else:
        destination.mkdir()
        (destination / "mine").touch()
    with pytest.raises(EnvironmentsError) as refused:
        clone(make_prefix(), destination)
    assert refused.value.code == "destination_exists"
    assert list(victim.iterdir()) == []


def test_empty_directory_is_replaced(make_prefix: MakePrefix, tmp_path: Path) -> None:
    (tmp_path / "clone").mkdir()
    clone(make_prefix(), tmp_path / "clone")
    assert (tmp_path / "clone" / "conda-meta").is_dir()


def test_hostile_leftover_leads_nowhere(make_prefix: MakePrefix, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "file").touch()
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / ".clone.partial-0").symlink_to(victim)
    (tmp_path / "p" / ".clone.partial-1").mkdir()
    (tmp_path / "p" / ".clone.partial-1" / "inside").symlink_to(victim)
    clone(make_prefix(), tmp_path / "p" / "clone")
    assert (victim / "file").exists()
    assert [path.name for path in (tmp_path / "p").iterdir()] == ["clone"]


def test_two_clones_in_one_place_do_not_meet(make_prefix: MakePrefix, tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    holder = os.open(tmp_path / "p", os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    try:
        with pytest.raises(EnvironmentsError) as refused:
            clone(make_prefix(), tmp_path / "p" / "clone")
    finally:
        os.close(holder)
    assert refused.value.code == "clone_running"


def test_source_must_be_an_environment(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentsError) as refused:
        clone(tmp_path, tmp_path / "clone")
    assert refused.value.code == "not_an_environment"


def test_progress_ends_with_all_files(make_prefix: MakePrefix, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    report = clone(make_prefix(), tmp_path / "clone", progress=lambda done, total: seen.append((done, total)))
    files = report.linked + report.copied + report.rewritten + report.symlinks
    assert seen[-1] == (files, files) == (9, 9)


def test_fifo_in_the_place_of_a_file_holds_nobody(make_prefix: MakePrefix, tmp_path: Path) -> None:
    source = make_prefix()
    (source / "lib/data.txt").unlink()
    os.mkfifo(source / "lib/data.txt")
    clone(source, tmp_path / "clone")
    assert not (tmp_path / "clone/lib/data.txt").exists()


def test_changed_module_does_not_look_like_its_byte_code(make_prefix: MakePrefix, tmp_path: Path) -> None:
    """Paths of one length: size and time of the module would be those that the byte code was made from."""
    source = make_prefix(tmp_path / "aaaa")
    site = source / "lib/python3.11/site-packages"
    finder = site / "__editable___x_finder.py"
    finder.write_text(f"PLACE = '{source}/src'\n")
    ask = [sys.executable, "-c", "import __editable___x_finder as x; print(x.PLACE)"]
    for prefix in ("aaaa", "bbbb"):
        if prefix == "bbbb":
            clone(source, tmp_path / "bbbb")
        environment = {"PYTHONPATH": str(tmp_path / prefix / "lib/python3.11/site-packages")}
        said = subprocess.run(ask, env=environment, capture_output=True, text=True, check=True).stdout
        assert said == f"{tmp_path}/{prefix}/src\n"
    assert list(site.glob("__pycache__/*.pyc"))


def test_own_files_are_copied_where_other_people_use_the_clone(make_prefix: MakePrefix, tmp_path: Path) -> None:
    source = make_prefix()
    for path in [source, *source.rglob("*")]:
        os.chown(path, 12345, 12345, follow_symlinks=False)
    assert clone(source, tmp_path / "clone", share_own=False).linked == 0


def test_a_directory_that_somebody_exchanged_is_not_filled(
    make_prefix: MakePrefix, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_prefix()
    parent = tmp_path / "p"
    parent.mkdir()
    make = os.mkdir

    def and_exchange(name: str | Path, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        make(name, mode, dir_fd=dir_fd)
        if str(name).startswith(".clone.partial-"):
            (parent / name).rename(parent / "away")
            make(parent / name)
            (parent / name).chmod(0o755)

    monkeypatch.setattr(os, "mkdir", and_exchange)
    with pytest.raises(EnvironmentsError) as refused:
        clone(source, parent / "clone")
    assert refused.value.code == "unsafe_path"
    assert [path.name for path in parent.iterdir()] == ["away"]
    assert list((parent / "away").iterdir()) == []
