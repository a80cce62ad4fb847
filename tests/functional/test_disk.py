# SPDX-License-Identifier: GPL-3.0-or-later
"""The specification's "Projects and permissions", read back from the compute node's disk."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.functional.platform import Account, Kernel, Site
from tests.functional.teamwork import Teamwork

pytestmark = pytest.mark.platform


@pytest.fixture(scope="module")
def project(site: Site) -> Teamwork:
    return Teamwork.begin(site)


def test_the_project_directory(project: Teamwork) -> None:
    owner, member, viewer = project.owner.name, project.member.name, project.viewer.name
    assert project.acl() == {
        "user::rwx",
        f"user:{member}:rwx",
        f"user:{viewer}:r-x",
        "group::rwx",
        "mask::rwx",
        "other::--x",
        "default:user::rwx",
        f"default:user:{owner}:rwx",
        f"default:user:{member}:rwx",
        f"default:user:{viewer}:r-x",
        "default:group::rwx",
        f"default:group:{owner}:rwx",
        "default:mask::rwx",
        "default:other::--x",
    }
    assert project.site.run(project.node, f"stat -c '%U %G' {project.path}").split() == [owner, owner]


def test_what_is_inside_follows_the_project_directory(project: Teamwork) -> None:
    assert {f"user:{project.member.name}:rwx", "other::--x"} <= project.acl("/examples")
    # A file that is not executable: the mask keeps `x` from everybody, as setfacl's X would.
    assert {"user::rw-", "mask::rw-", "other::---"} <= project.acl("/Welcome.txt")


def test_the_public_folder_is_open_to_everybody_and_the_rest_is_not(project: Teamwork, bob: Account) -> None:
    assert "other::r-x" in project.acl("/public")
    assert project.can(project.member, f"ls {project.path} >/dev/null && test -w {project.path}")
    assert project.can(project.viewer, f"ls {project.path} >/dev/null")
    assert not project.can(project.viewer, f"test -w {project.path}")
    project.site.run(project.node, f"useradd --no-create-home {bob.name}")
    assert project.can(bob, f"test -r {project.path}/public/README.txt && ls {project.path}/public >/dev/null")
    assert not project.can(bob, f"ls {project.path} 2>/dev/null")
    assert not project.can(bob, f"test -r {project.path}/Welcome.txt")


def test_new_files_are_right_at_once_for_the_whole_team(project: Teamwork) -> None:
    kernel = Kernel(project.member, project.notebook)
    assert kernel.run("import os, pwd; print(pwd.getpwuid(os.getuid()).pw_name)") == project.member.name
    kernel.run("import pathlib; pathlib.Path('made').mkdir(); pathlib.Path('made/by-member.txt').write_text('hello')")
    assert project.can(project.owner, f"echo more >> {project.path}/made/by-member.txt")
    assert project.can(project.viewer, f"cat {project.path}/made/by-member.txt >/dev/null")
    assert not project.can(project.viewer, f"echo no 2>/dev/null >> {project.path}/made/by-member.txt")


def test_files_shared_with_the_root_distribution_are_untouched(project: Teamwork) -> None:
    shared = project.site.run(
        project.node,
        f"find {project.path}/envs/default -type f -links +1 -name '*.py' | head -20",
    ).splitlines()
    assert len(shared) == 20
    for path in shared:
        facts = project.site.run(project.node, f"stat -c %U {path}; getfacl -cpE {path}").splitlines()
        assert facts[0] == "root"
        assert set(facts[1:]) - {""} <= {
            "user::rw-",
            "user::rwx",
            "group::r--",
            "group::r-x",
            "other::r--",
            "other::r-x",
        }
    assert not project.can(project.owner, f"echo >> {shared[0]}")


def test_removing_a_member_takes_the_disk_away_too(project: Teamwork, site: Site) -> None:
    leaver = site.new_account("leaver")
    team = f"/projects/{project.owner.name}/team/members/{leaver.name}"
    project.owner.call("PUT", team, {"role": "member"})
    _eventually(lambda: f"user:{leaver.name}:rwx" in project.acl())
    project.owner.call("DELETE", team)
    _eventually(lambda: not any(leaver.name in entry for entry in project.acl()))


def _eventually(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.2)
