# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tools.hosts import cgroups
from tools.hosts.cgroups import Kind, read_layout
from tools.hosts.check import layout_findings
from tools.hosts.errors import LabError

SPLIT_V1 = (
    """\
tmpfs /sys/fs/cgroup tmpfs rw,relatime,mode=755 0 0
cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu 0 0
cgroup /sys/fs/cgroup/cpuacct cgroup rw,relatime,cpuacct 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0
cgroup /sys/fs/cgroup/pids cgroup rw,relatime,pids 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,relatime,name=systemd 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
""",
    "9:name=systemd:/\n8:pids:/\n4:memory:/runner/one\n2:cpuacct:/\n1:cpu:/\n0::/\n",
)
JOINED_V1 = (
    """\
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,nosuid,nodev,noexec,relatime,nsdelegate 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,nosuid,nodev,noexec,relatime,xattr,name=systemd 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,nodev,noexec,relatime,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,nosuid,nodev,noexec,relatime,memory 0 0
cgroup /sys/fs/cgroup/pids cgroup rw,nosuid,nodev,noexec,relatime,pids 0 0
""",
    "5:pids:/user.slice\n4:memory:/user.slice\n3:cpu,cpuacct:/user.slice\n1:name=systemd:/user.slice/a.scope\n0::/user.slice\n",
)
V2_ALONE = (
    "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime,nsdelegate,memory_recursiveprot 0 0\n",
    "0::/user.slice/user-0.slice/session-1.scope\n",
)
V1_ALONE = ("cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n", "4:memory:/\n")
NOTHING = ("proc /proc proc rw 0 0\n", "")


@pytest.mark.parametrize(
    ("sample", "kind", "labels"),
    [
        (SPLIT_V1, Kind.V1, ["systemd", "unified", "pids", "memory", "cpu", "cpuacct"]),
        (JOINED_V1, Kind.V1, ["systemd", "unified", "pids", "memory", "cpu", "cpuacct"]),
        (V2_ALONE, Kind.V2, ["unified"]),
        (V1_ALONE, Kind.V1, ["memory"]),
        (NOTHING, Kind.NONE, []),
    ],
)
def test_layout_is_read_from_the_mounts(sample: tuple[str, str], kind: Kind, labels: list[str]) -> None:
    layout = read_layout(*sample)
    assert layout.kind is kind
    assert [one.label for one in layout.hierarchies] == labels


def test_hierarchies_of_another_root_do_not_count() -> None:
    elsewhere = SPLIT_V1[0].replace("/sys/fs/cgroup", "/srv/chroot/sys/fs/cgroup")
    assert read_layout(elsewhere + V2_ALONE[0], V2_ALONE[1]).kind is Kind.V2
    assert read_layout(elsewhere, SPLIT_V1[1]).kind is Kind.NONE


def test_a_mount_on_top_hides_the_ones_before() -> None:
    assert read_layout(SPLIT_V1[0] + V2_ALONE[0], SPLIT_V1[1]).kind is Kind.V2
    assert read_layout(V2_ALONE[0] + SPLIT_V1[0], SPLIT_V1[1]).kind is Kind.V1


def test_v1_groups_are_below_our_own_so_that_its_limits_hold() -> None:
    groups = cgroups.lab_groups(read_layout(*SPLIT_V1), "aen", "server")
    assert Path("/sys/fs/cgroup/memory/runner/one/aen-lab/aen/server") in groups
    assert Path("/sys/fs/cgroup/systemd/aen-lab/aen/server") in groups


def test_controllers_mounted_together_are_one_group() -> None:
    groups = cgroups.lab_groups(read_layout(*JOINED_V1), "aen", "server")
    assert groups.count(Path("/sys/fs/cgroup/cpu,cpuacct/user.slice/aen-lab/aen/server")) == 1
    assert len(groups) == 5


def test_v2_groups_are_below_the_root_because_a_scope_with_processes_cannot_delegate() -> None:
    groups = cgroups.lab_groups(read_layout(*V2_ALONE), "aen", "server")
    assert groups == [Path("/sys/fs/cgroup/aen-lab/aen/server")]


@pytest.mark.parametrize(
    ("sample", "suite", "needs", "limits"),
    [
        (SPLIT_V1, "bookworm", 0, True),
        (SPLIT_V1, "trixie", 0, False),
        (V1_ALONE, "bookworm", 1, False),
        (V1_ALONE, "trixie", 1, False),
        (NOTHING, "bookworm", 1, False),
    ],
)
def test_what_a_suite_needs_of_a_layout(sample: tuple[str, str], suite: str, needs: int, limits: bool) -> None:
    layout = read_layout(*sample)
    assert len(layout.needs(suite)) == needs
    assert layout.limits_hold(suite) is limits


@pytest.mark.parametrize(
    ("controllers", "limits"), [("cpuset cpu io memory pids", True), ("cpu pids", False), ("", False)]
)
def test_limits_on_v2_need_the_controllers(controllers: str, limits: bool) -> None:
    layout = replace(read_layout(*V2_ALONE), v2_controllers=frozenset(controllers.split()))
    for suite in ("bookworm", "trixie"):
        assert layout.needs(suite) == []
        assert layout.limits_hold(suite) is limits
    assert {one.level for one in layout_findings(layout)[1:]} == {"ok" if limits else "limited"}


def test_no_cgroups_is_said_with_what_to_do() -> None:
    levels = {one.name: (one.level, one.detail) for one in layout_findings(read_layout(*NOTHING))}
    assert levels["cgroups"][0] == "missing"
    assert "mount cgroup2" in levels["hosts of bookworm"][1]
    with pytest.raises(LabError, match="mount cgroup2"):
        _ = read_layout(*NOTHING).tracking


def test_limits_that_do_not_hold_are_said() -> None:
    levels = {one.name: one.level for one in layout_findings(read_layout(*SPLIT_V1))}
    assert levels == {"cgroups": "ok", "hosts of bookworm": "ok", "hosts of trixie": "limited"}


def test_joining_passes_words_through_unchanged() -> None:
    argv = cgroups.joined([Path("/a b"), Path("/c")], ["echo", "$HOME", "x y"])
    assert argv[4:] == ["2", "/a b", "/c", "echo", "$HOME", "x y"]


def test_controllers_are_handed_down_level_by_level(tmp_path: Path) -> None:
    layout = read_layout(f"cgroup2 {tmp_path} cgroup2 rw 0 0\n", "0::/\n", tmp_path)
    (tmp_path / "aen-lab/aen/server/machine").mkdir(parents=True)
    levels = [tmp_path / part for part in ("", "aen-lab", "aen-lab/aen", "aen-lab/aen/server")]
    for level in levels:
        (level / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")
    assert cgroups.make_groups(layout, "aen", "server", "machine") == [tmp_path / "aen-lab/aen/server/machine"]
    for level in levels:
        assert (level / "cgroup.subtree_control").read_text().split() == ["+pids", "+memory", "+cpu"]
    assert not (tmp_path / "aen-lab/aen/server/machine/cgroup.subtree_control").exists()


def test_groups_are_found_wherever_another_session_made_them(tmp_path: Path) -> None:
    layout = read_layout(f"cgroup {tmp_path}/memory cgroup rw,memory 0 0\n", "4:memory:/mine\n", tmp_path)
    other = tmp_path / "memory/session/other/aen-lab/aen/server"
    other.mkdir(parents=True)
    (tmp_path / "memory/mine/aen-lab/aentest").mkdir(parents=True)
    assert cgroups.find_groups(layout, "aen", "server") == [other]
    assert cgroups.find_groups(layout, "aen", "gone") == []
