# SPDX-License-Identifier: GPL-3.0-or-later
"""The helper as root: a real process, real accounts, real ACLs. What needs systemd is tested on test hosts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.helper import host as hosts
from tests.integration.helper.host import ALICE, BOB, CAROL, SERVICE, Host, mode_of, project, request

pytestmark = pytest.mark.root

TEAM = project(members=[{**BOB, "role": "member"}, {**CAROL, "role": "viewer"}])


@pytest.fixture
def host() -> Iterator[Host]:
    with hosts.laid_down() as made:
        yield made


def change(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def owner_of(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_uid, status.st_gid


def test_first_start_makes_everything(host: Host) -> None:
    answer = host.ask("start-project", project=TEAM)
    assert answer.result["created"] is True
    assert answer.result["cloned"] is True
    assert answer.steps == ["accounts", "skeleton", "environment", "permissions", "ready"]
    path = host.projects / "alice/p1"
    assert (path / "Welcome.txt").is_file()
    tool = path / "envs/default/bin/tool"
    assert tool.read_text().startswith(f"#!{path}/envs/default/bin/python")
    assert [owner_of(one) for one in (path, path / "Welcome.txt", path / "envs/default")] == [(20000, 20000)] * 3
    assert owner_of(host.projects / "alice") == (0, 0)
    assert [mode_of(host.projects / "alice"), mode_of(host.projects / ".staging")] == ["711", "700"]
    acl = subprocess.run(["getfacl", "-cnpE", str(path)], check=True, capture_output=True, text=True).stdout.split()
    assert acl[:6] == ["user::rwx", "user:20001:rwx", "user:20002:r-x", "group::rwx", "mask::rwx", "other::--x"]
    passwd = host.in_namespace("getent", "passwd", "alice", "bob", "carol").splitlines()
    assert [line.split(":")[2] for line in passwd] == ["20000", "20001", "20002"]
    assert mode_of(host.root / "home/alice") == "700"


def test_files_shared_with_the_root_distribution_are_untouched(host: Host) -> None:
    before = (host.anaconda / "bin/python").stat()
    host.ask("start-project", project=TEAM)
    after = (host.projects / "alice/p1/envs/default/bin/python").stat()
    assert (after.st_ino, after.st_uid, after.st_mode) == (before.st_ino, 0, before.st_mode)


def test_second_start_finds_nothing_to_do(host: Host) -> None:
    host.ask("start-project", project=TEAM)
    (host.projects / "alice/p1/Welcome.txt").unlink()
    again = host.ask("start-project", project=TEAM).result
    assert (again["created"], again["cloned"], again["permissions"]["changed"]) == (False, False, 0)
    assert not (host.projects / "alice/p1/Welcome.txt").exists()  # the skeleton is for the first time


def test_two_starts_at_once_do_not_interleave(host: Host) -> None:
    with hosts.one_namespace(host) as shared:
        both = [shared.begin(request("start-project", project=TEAM)) for _ in range(2)]
        results = [shared.end(process).result for process in both]
    assert sorted((one["created"], one["cloned"]) for one in results) == [(False, False), (True, True)]


def test_accounts_asked_for_by_many_at_once_are_made_once(host: Host) -> None:
    people = [{"name": f"person{number}", "uid": 21000 + number, "gid": 21000 + number} for number in range(4)]
    with hosts.one_namespace(host) as shared:
        asked = [shared.begin(request("ensure-accounts", people=people[number:])) for number in (0, 1, 2, 3, 0, 1)]
        assert [shared.end(process).status for process in asked] == [0] * 6
        passwd = shared.in_namespace("getent", "passwd").splitlines()
    assert sorted(line.split(":")[2] for line in passwd if line.startswith("person")) == [
        "21000",
        "21001",
        "21002",
        "21003",
    ]


def test_start_after_a_crash_completes(host: Host) -> None:
    for leftover in (".staging/alice.p1.new", "alice/p1/envs"):
        (host.projects / leftover).mkdir(parents=True)
    for folder in (".staging", "alice"):
        (host.projects / folder).chmod(0o711)
    for folder in ("alice/p1", "alice/p1/envs"):
        os.chown(host.projects / folder, 20000, 20000)
    answer = host.ask("start-project", project=TEAM).result
    assert (answer["created"], answer["cloned"]) == (False, True)


def test_missing_distribution_is_a_reason_and_a_later_start_completes(host: Host) -> None:
    shutil.rmtree(host.anaconda)
    assert host.ask("start-project", project=TEAM).code == "not_an_environment"
    hosts.make_distribution(host.anaconda)
    assert host.ask("start-project", project=TEAM).result["cloned"] is True


def test_file_in_the_place_of_the_environment_is_said_and_kept(host: Host) -> None:
    host.ask("start-project", project=TEAM)
    default = host.projects / "alice/p1/envs/default"
    shutil.rmtree(default)
    default.write_text("mine")
    answer = host.ask("start-project", project=TEAM)
    assert answer.code == "environment_path_taken"
    assert str(default) in answer.lines[-1]["error"]["message"]
    assert default.read_text() == "mine"
    default.rename(f"{default}.old")
    assert host.ask("start-project", project=TEAM).result["cloned"] is True


def test_empty_folder_is_no_environment(host: Host) -> None:
    host.ask("start-project", project=TEAM)
    default = host.projects / "alice/p1/envs/default"
    shutil.rmtree(default)
    default.mkdir()
    assert host.ask("start-project", project=TEAM).result["cloned"] is True
    assert (default / "bin/tool").exists()


def test_broken_template_is_named(host: Host) -> None:
    record = next((host.anaconda / "conda-meta").glob("*.json"))
    record.write_text("{")
    answer = host.ask("start-project", project=TEAM)
    assert answer.code == "broken_environment"
    assert str(record) in answer.lines[-1]["error"]["message"]
    assert not (host.projects / "alice/p1/envs/default").exists()


def test_administrators_default_environment_is_preferred(host: Host) -> None:
    hosts.make_distribution(host.anaconda / "envs/default")
    (host.anaconda / "envs/default/bin/only-here").write_text("x")
    host.ask("start-project", project=TEAM)
    assert (host.projects / "alice/p1/envs/default/bin/only-here").exists()


def test_full_disk_is_a_reason_and_a_later_start_completes(host: Host) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k,mode=711", "tmpfs", str(host.projects)], check=True)
    try:
        assert host.ask("start-project", project=TEAM).code in {"disk_full", "no_space"}
        subprocess.run(["mount", "-o", "remount,size=4m", str(host.projects)], check=True)
        assert host.ask("start-project", project=TEAM).result["cloned"] is True
    finally:
        subprocess.run(["umount", str(host.projects)], check=True)


def test_read_only_disk_is_a_reason(host: Host) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro,mode=711", "tmpfs", str(host.projects)], check=True)
    try:
        assert host.ask("start-project", project=TEAM).code == "read_only"
    finally:
        subprocess.run(["umount", str(host.projects)], check=True)


def test_symbolic_link_in_the_place_of_a_project_is_refused(host: Host) -> None:
    target = host.root / "target"
    target.mkdir(mode=0o700)
    os.chown(target, 20000, 20000)
    (host.projects / "alice").mkdir(mode=0o711)
    (host.projects / "alice/p1").symlink_to(target)
    assert host.ask("start-project", project=TEAM).code == "project_path_taken"
    assert mode_of(target) == "700"
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("name", ["envs", "envs/default"])
def test_symbolic_link_in_the_place_of_environments_is_not_written_through(host: Host, name: str) -> None:
    host.ask("start-project", project=project())
    target = host.root / "target"
    target.mkdir()
    path = host.projects / "alice/p1" / name
    shutil.rmtree(path)
    path.symlink_to(target)
    answer = host.ask("start-project", project=project())
    assert list(target.iterdir()) == []
    if name == "envs":
        assert answer.code == "project_path_taken"


def test_folder_of_owner_that_others_can_write_is_refused(host: Host) -> None:
    (host.projects / "alice").mkdir()
    os.chown(host.projects / "alice", 20000, 20000)
    assert host.ask("start-project", project=TEAM).code == "project_path_taken"


def test_account_with_another_uid_stops_the_start(host: Host) -> None:
    host.in_namespace("useradd", "--uid", "30000", "--no-create-home", "alice")
    answer = host.ask("start-project", project=TEAM)
    assert answer.code == "account_conflict"
    assert "30000" in answer.lines[-1]["error"]["message"]
    assert list(host.projects.iterdir()) == []


def test_uid_of_somebody_else_stops_the_start(host: Host) -> None:
    host.in_namespace("useradd", "--uid", "20001", "--no-create-home", "mallory")
    assert host.ask("ensure-accounts", people=[ALICE, BOB]).code == "account_conflict"


def test_gid_of_another_group_stops_the_start(host: Host) -> None:
    host.in_namespace("groupadd", "--gid", "20001", "makers")
    answer = host.ask("ensure-accounts", people=[ALICE, BOB])
    assert answer.code == "account_conflict"
    assert "gid 20001 belongs to the group 'makers'" in answer.lines[-1]["error"]["message"]


def test_accounts_are_never_made_when_the_site_manages_them(host: Host) -> None:
    change(host.shared, MANAGE_ACCOUNTS=False)
    answer = host.ask("start-project", project=project())
    assert answer.code == "account_missing"
    assert "'alice'" in answer.lines[-1]["error"]["message"]
    host.in_namespace("useradd", "--uid", "30000", "--create-home", "alice")
    assert host.ask("start-project", project=project()).status == 0
    assert owner_of(host.projects / "alice/p1")[0] == 30000  # the site's uid, not the server's


def test_service_account_owns_and_starts_nothing(host: Host) -> None:
    service = {"name": SERVICE, "uid": 20009, "gid": 20009}
    assert host.ask("start-project", project=project(owner=service)).code == "service_account_refused"
    assert host.ask("start-project", project=TEAM, requested_by=SERVICE).code == "service_account_refused"
    member = project(members=[{**service, "role": "member"}])
    assert host.ask("start-project", project=member).code == "service_account_refused"


def test_system_account_is_refused(host: Host) -> None:
    change(host.shared, MANAGE_ACCOUNTS=False)
    host.in_namespace("useradd", "--system", "--no-create-home", "daemonlike")
    owner = {"name": "daemonlike", "uid": 20000, "gid": 20000}
    assert host.ask("start-project", project=project(owner=owner)).code == "system_account_refused"


def test_projects_with_names_alike_are_two(host: Host) -> None:
    for name in ("p1", "p10"):
        assert host.ask("start-project", project=project(name)).status == 0
    assert host.ask("start-project", project=project("p1", members=[{**BOB, "role": "member"}])).status == 0
    acl = subprocess.run(["getfacl", "-cnp", str(host.projects / "alice/p10")], check=True, capture_output=True)
    assert b"20001" not in acl.stdout


@pytest.mark.parametrize("path", ["prefix/etc/wakari/scripts/config.json", "prefix/etc/wakari", "prefix"])
@pytest.mark.parametrize("how", ["mode", "owner"])
def test_settings_that_others_could_have_written_are_refused(host: Host, path: str, how: str) -> None:
    if how == "mode":
        (host.root / path).chmod(0o777)
    else:
        os.chown(host.root / path, 20000, 0)
    answer = host.ask("start-project", project=TEAM)
    assert answer.code == "settings_invalid"
    assert str(host.root / path) in answer.lines[-1]["error"]["message"]


def test_unknown_setting_is_refused_with_its_name(host: Host) -> None:
    change(host.scripts, anacodna="/x")
    answer = host.ask("start-project", project=TEAM)
    assert (answer.code, "anacodna" in answer.lines[-1]["error"]["message"]) == ("settings_invalid", True)


def test_settings_are_not_taken_from_the_request(host: Host) -> None:
    answer = host.ask("start-project", project=TEAM, projectRoot="/etc")
    assert answer.code == "request_invalid"


def test_reader_that_goes_away_does_not_stop_the_work(host: Host) -> None:
    process = host.begin(request("start-project", project=TEAM))
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    process.stderr.close()
    process.wait(60)
    assert (host.projects / "alice/p1/envs/default/bin/tool").exists()


def test_an_account_waits_for_another_program_that_holds_the_account_files(host: Host) -> None:
    with subprocess.Popen(["sleep", "1.5"]) as other:
        threading.Thread(target=other.wait).start()  # a process that nobody waits for still counts as alive
        (host.root / "etc/upper/passwd.lock").write_text(f"{other.pid}", encoding="ascii")
        answer = host.ask("start-project", project=TEAM)
        assert other.poll() is not None, "the lock was not asked for"
    assert answer.result["path"] == str(host.projects / "alice/p1")


def test_killed_start_is_completed_by_the_next(host: Host) -> None:
    with hosts.one_namespace(host) as node:
        for delay in (0.05, 0.15, 0.25, 0.3, 0.35):
            process = node.begin(request("start-project", project=TEAM))
            try:
                process.wait(delay)
            except subprocess.TimeoutExpired:
                process.kill()
            process.communicate()
        answer = node.ask("start-project", project=TEAM)
    assert answer.result["path"] == str(host.projects / "alice/p1")
    assert (host.projects / "alice/p1/envs/default/bin/tool").exists()
    assert [one.name for one in (host.projects / "alice/p1/envs").iterdir()] == ["default"]
