# SPDX-License-Identifier: GPL-3.0-or-later
"""A limit that the kernel does not hold stops the start (both layouts of control groups)."""

from __future__ import annotations

from pathlib import Path

import pytest

from wakari.core.errors import AppError
from wakari.core.messages import Limits
from wakari.helper import limits

GROUP = "/wakari.slice/app.service"
ALL = Limits(memory_max="1G", tasks_max=100, cpu_quota_percent=150)


def v2(root: Path, memory: str = "1073741824", pids: str = "100", cpu: str = "150000 100000") -> None:
    folder = root / GROUP[1:]
    folder.mkdir(parents=True)
    for name, value in (("memory.max", memory), ("pids.max", pids), ("cpu.max", cpu)):
        (folder / name).write_text(value + "\n")


def v1(root: Path, memory: str = "1073741824", quota: str = "150000") -> None:
    files = {
        "memory": {"memory.limit_in_bytes": memory},
        "pids": {"pids.max": "100"},
        "cpu": {"cpu.cfs_quota_us": quota, "cpu.cfs_period_us": "100000"},
    }
    for controller, content in files.items():
        folder = root / controller / GROUP[1:]
        folder.mkdir(parents=True)
        for name, value in content.items():
            (folder / name).write_text(value + "\n")


def test_properties_of_systemd() -> None:
    assert limits.properties(ALL) == {"MemoryMax": "1G", "TasksMax": "100", "CPUQuota": "150%"}
    assert limits.properties(Limits()) == {}


def test_a_slice_is_told_of_limits_that_are_gone_too() -> None:
    assert limits.of_slice(ALL) == limits.properties(ALL)
    assert limits.of_slice(Limits(tasks_max=64)) == {"MemoryMax": "infinity", "TasksMax": "64", "CPUQuota": ""}


@pytest.mark.parametrize(("app", "project", "each"), [(100, 60, 60), (60, 100, 60), (None, 60, None), (60, None, 60)])
def test_an_app_has_no_more_of_the_processor_than_its_project(
    app: int | None, project: int | None, each: int | None
) -> None:
    found = limits.within(Limits(tasks_max=99, cpu_quota_percent=app), Limits(tasks_max=16, cpu_quota_percent=project))
    assert found == Limits(tasks_max=99, cpu_quota_percent=each)


def test_the_limit_of_a_project_is_named_as_such(tmp_path: Path) -> None:
    with pytest.raises(AppError, match="MemoryMax of the project") as caught:
        limits.require_enforced(ALL, GROUP, tmp_path, of="the project")
    assert "the project's limits" in caught.value.hint


@pytest.mark.parametrize(("text", "size"), [(None, 0), ("512", 512), ("3K", 3 << 10), ("2G", 2 << 30), ("1T", 1 << 40)])
def test_sizes_are_powers_of_1024(text: str | None, size: int) -> None:
    assert Limits(memory_max=text).memory_bytes == size


@pytest.mark.parametrize("lay", [v1, v2])
def test_limits_that_are_held_pass(tmp_path: Path, lay: object) -> None:
    assert callable(lay)
    lay(tmp_path)
    limits.require_enforced(ALL, GROUP, tmp_path)


@pytest.mark.parametrize(
    ("files", "name"),
    [({"memory": "max"}, "MemoryMax"), ({"pids": "max"}, "TasksMax"), ({"cpu": "max 100000"}, "CPUQuota")],
)
def test_limit_that_is_not_held_stops_the_start(tmp_path: Path, files: dict[str, str], name: str) -> None:
    v2(tmp_path, **files)
    with pytest.raises(AppError, match=name) as caught:
        limits.require_enforced(ALL, GROUP, tmp_path)
    assert caught.value.code == "limit_not_enforced"


def test_missing_controller_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(AppError, match="MemoryMax"):
        limits.require_enforced(ALL, GROUP, tmp_path)
    v1(tmp_path, quota="-1")
    with pytest.raises(AppError, match="CPUQuota"):
        limits.require_enforced(ALL, GROUP, tmp_path)


def test_no_limit_asks_nothing_of_the_kernel(tmp_path: Path) -> None:
    limits.require_enforced(Limits(), GROUP, tmp_path)
