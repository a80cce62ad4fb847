# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine on a real file system, judged by getfacl and by what the kernel lets other people do."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.permissions.people import ALICE, BOB, CAROL, DAVE, SERVICE, as_person, rights
from wakari.core.errors import AppError
from wakari.permissions import tree
from wakari.permissions.engine import Engine
from wakari.permissions.policy import Policy, Team
from wakari.permissions.report import Report

pytestmark = pytest.mark.root

TEAM = Team(ALICE, ALICE, members={BOB: BOB}, viewers={CAROL: CAROL})


@pytest.fixture
def project() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="wakari-acl-", dir="/var/tmp") as folder:
        Path(folder).chmod(0o711)
        path = Path(folder) / "project"
        path.mkdir()
        os.chown(path, ALICE, ALICE)
        yield path


def apply(project: Path, team: Team = TEAM, *, write: bool = True) -> Report:
    descriptor = tree.open_directory(project)
    try:
        return Engine(Policy(team), frozenset({0, SERVICE}), write=write).run(descriptor)
    finally:
        os.close(descriptor)


def make(path: Path, mode: int = 0o644, uid: int = ALICE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    path.chmod(mode)
    os.chown(path, uid, uid)
    return path


def folder(path: Path, mode: int = 0o755, uid: int = ALICE) -> Path:
    path.mkdir(mode)
    path.chmod(mode)
    os.chown(path, uid, uid)
    return path


def getfacl(path: Path) -> list[str]:
    done = subprocess.run(["getfacl", "-n", "-p", "-E", "-c", str(path)], check=True, capture_output=True, text=True)
    return done.stdout.split()


def test_project_folder_equals_the_specification(project: Path) -> None:
    apply(project)
    assert getfacl(project) == [
        "user::rwx",
        f"user:{BOB}:rwx",
        f"user:{CAROL}:r-x",
        "group::rwx",
        "mask::rwx",
        "other::--x",
        "default:user::rwx",
        f"default:user:{ALICE}:rwx",
        f"default:user:{BOB}:rwx",
        f"default:user:{CAROL}:r-x",
        "default:group::rwx",
        f"default:group:{ALICE}:rwx",
        "default:mask::rwx",
        "default:other::--x",
    ]


@pytest.mark.parametrize("owner", [ALICE, BOB])
def test_kernel_lets_each_person_do_what_the_table_says(project: Path, owner: int) -> None:
    plain = make(project / "plain.txt", 0o600, owner)
    script = make(project / "run.sh", 0o700, owner)
    inner = folder(project / "inner", 0o700, owner)
    apply(project)
    for uid in (ALICE, BOB):
        assert (rights(uid, plain), rights(uid, script), rights(uid, inner)) == ("rw-", "rwx", "rwx")
    assert (rights(CAROL, plain), rights(CAROL, script), rights(CAROL, inner)) == ("r--", "r-x", "r-x")
    assert (rights(DAVE, plain), rights(DAVE, script), rights(DAVE, inner)) == ("---", "--x", "--x")


def test_public_is_open_to_everybody_below_the_top_alone(project: Path) -> None:
    folder(project / "public", 0o700)
    folder(project / "public" / "deep", 0o700)
    page = make(project / "public" / "deep" / "page.html", 0o600)
    folder(project / "other", 0o700)
    folder(project / "other" / "public", 0o700)
    hidden = make(project / "other" / "public" / "x", 0o600)
    apply(project)
    assert rights(DAVE, page) == "r--"
    assert rights(DAVE, page.parent) == "r-x"
    assert rights(DAVE, hidden) == "---"
    assert rights(DAVE, project) == "--x"


def test_new_files_of_anybody_are_right_at_once(project: Path) -> None:
    apply(project)
    for uid, name in ((ALICE, "a"), (BOB, "b")):
        as_person(uid, lambda name=name: (project / name).write_text("new"))
        as_person(uid, lambda name=name: (project / f"{name}.d" / "sub").mkdir(parents=True))
    report = apply(project, write=False)
    assert report.problems == []
    assert rights(ALICE, project / "b") == "rw-"
    assert rights(ALICE, project / "b.d" / "sub") == "rwx"
    assert rights(CAROL, project / "a") == "r--"


def test_chmod_x_by_the_owner_works_for_the_whole_team_at_once(project: Path) -> None:
    script = make(project / "run.sh", 0o644)
    apply(project)
    as_person(ALICE, lambda: script.chmod(0o770))
    assert rights(BOB, script) == "rwx"
    assert rights(CAROL, script) == "r-x"


def test_second_run_writes_nothing(project: Path) -> None:
    make(project / "a")
    folder(project / "d")
    assert apply(project).changed == 3
    again = apply(project)
    assert (again.checked, again.wrong, again.changed) == (3, 0, 0)


def test_check_tells_and_writes_nothing(project: Path) -> None:
    wrong = make(project / "a", 0o600, BOB)
    apply(project)
    as_person(BOB, lambda: wrong.chmod(0o600))
    report = apply(project, write=False)
    assert [(one.path, one.uid) for one in report.problems] == [("a", BOB)]
    assert report.changed == 0
    assert rights(ALICE, wrong) == "---"


def test_removed_member_loses_access_and_new_one_gains_it(project: Path) -> None:
    text = make(project / "a", 0o600)
    apply(project)
    apply(project, Team(ALICE, ALICE, members={DAVE: DAVE}))
    assert (rights(BOB, text), rights(CAROL, text), rights(DAVE, text)) == ("---", "---", "rw-")


def test_symbolic_links_are_not_followed(project: Path) -> None:
    outside = make(project.parent / "outside", 0o600)
    outside_folder = folder(project.parent / "folder", 0o700)
    (project / "link").symlink_to(outside)
    (project / "public").symlink_to(outside_folder)
    report = apply(project)
    assert outside.stat().st_mode & 0o777 == 0o600
    assert outside_folder.stat().st_mode & 0o777 == 0o700
    assert report.skipped["symlink"] == 2


def test_files_of_root_and_of_the_service_account_are_left_alone(project: Path) -> None:
    root_file = make(project / "root.txt", 0o600, 0)
    service_file = make(project / "service.txt", 0o600, SERVICE)
    root_folder = folder(project / "root.d", 0o755, 0)
    inside = make(root_folder / "of-alice", 0o600)
    report = apply(project)
    assert report.skipped["spared_owner"] == 3
    assert [path.stat().st_mode & 0o777 for path in (root_file, service_file, root_folder)] == [0o600, 0o600, 0o755]
    assert rights(BOB, inside) == "rw-"


def test_file_linked_from_outside_is_left_alone(project: Path) -> None:
    outside = make(project.parent / "outside", 0o600)
    os.link(outside, project / "inside")
    report = apply(project)
    assert outside.stat().st_mode & 0o777 == 0o600
    assert report.skipped["linked_elsewhere"] == 1


def test_file_whose_links_are_all_in_the_project_is_put_right(project: Path) -> None:
    first = make(project / "first", 0o600)
    folder(project / "public", 0o700)
    os.link(first, project / "public" / "second")
    report = apply(project)
    assert rights(BOB, first) == "rw-"
    assert rights(DAVE, first) == "r--"  # one of its names is public
    assert report.skipped["linked_elsewhere"] == 0


def test_links_of_one_file_in_parts_of_different_processes_are_counted_together(project: Path) -> None:
    for number in range(40):
        for name in ("near", "far"):
            for file in range(20):
                make(project / f"{name}{number}" / "inner" / f"f{file}", 0o600)
            for path in (project / f"{name}{number}", project / f"{name}{number}" / "inner"):
                os.chown(path, ALICE, ALICE)
        os.link(project / f"near{number}" / "inner" / "f0", project / f"far{number}" / "inner" / "link")
    report = apply(project)
    assert report.skipped["linked_elsewhere"] == 0
    assert report.checked == report.changed == 1 + 40 * 2 * (2 + 20)
    assert {rights(BOB, project / f"near{number}" / "inner" / "f0") for number in range(40)} == {"rw-"}
    again = apply(project)
    assert (again.checked, again.wrong) == (report.checked, 0)


def test_disk_that_turns_read_only_stops_the_walk_with_the_reason(project: Path) -> None:
    make(project / "a", 0o600)
    subprocess.run(["mount", "--bind", str(project), str(project)], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(project)], check=True)
        with pytest.raises(AppError, match="read-only"):
            apply(project)
    finally:
        subprocess.run(["umount", str(project)], check=True)


def test_mounts_are_not_crossed(project: Path) -> None:
    elsewhere = folder(project.parent / "elsewhere", 0o700)
    secret = make(elsewhere / "secret", 0o600)
    mounted = folder(project / "mounted", 0o700)
    subprocess.run(["mount", "--bind", str(elsewhere), str(mounted)], check=True)
    try:
        report = apply(project)
    finally:
        subprocess.run(["umount", str(mounted)], check=True)
    assert secret.stat().st_mode & 0o777 == 0o600
    assert report.skipped["other_mount"] == 1


def test_mounted_file_is_left_alone(project: Path) -> None:
    elsewhere = make(project.parent / "elsewhere", 0o600)
    mounted = make(project / "mounted", 0o600)
    subprocess.run(["mount", "--bind", str(elsewhere), str(mounted)], check=True)
    try:
        report = apply(project)
    finally:
        subprocess.run(["umount", str(mounted)], check=True)
    assert elsewhere.stat().st_mode & 0o777 == 0o600
    assert report.skipped["other_mount"] == 1


def test_names_of_any_bytes(project: Path) -> None:
    names = [b"-rf", b" ", b"\xff\xfe", b"a\nb", "ü".encode(), b"...", b"x" * 255]
    for name in names:
        path = os.path.join(os.fsencode(project), name)  # noqa: PTH118 - bytes
        with open(path, "w") as file:  # noqa: PTH123 - bytes
            file.write("x")
        os.chown(path, ALICE, ALICE)
    report = apply(project)
    assert report.changed == len(names) + 1
    assert "a\\x0ab" in [problem["path"] for problem in report.as_dict()["problems"]]


def test_deep_tree(project: Path) -> None:
    descriptor = os.open(project, os.O_RDONLY)
    for _ in range(600):  # deeper than PATH_MAX allows as one path
        os.mkdir("d" * 20, dir_fd=descriptor)
        os.chown("d" * 20, ALICE, ALICE, dir_fd=descriptor)
        child = os.open("d" * 20, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = child
    os.close(descriptor)
    assert apply(project).changed == 601


def test_tree_that_changes_while_it_is_walked(project: Path) -> None:
    for number in range(300):
        make(project / f"f{number}", 0o600)
    outside = make(project.parent / "outside", 0o600)
    child = os.fork()
    if child == 0:
        try:
            os.setresgid(ALICE, ALICE, ALICE)
            os.setresuid(ALICE, ALICE, ALICE)
            while True:
                for number in range(300):
                    name = project / f"f{number}"
                    name.unlink(missing_ok=True)
                    name.symlink_to(outside)
                    name.unlink()
                    name.write_text("y")
        finally:
            os._exit(1)
    try:
        for _ in range(20):
            apply(project)
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
    assert outside.stat().st_mode & 0o777 == 0o600
    apply(project)
    assert apply(project, write=False).wrong == 0
