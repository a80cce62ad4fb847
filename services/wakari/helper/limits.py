# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of an app: as properties of systemd, and whether the kernel has really got them (cgroups(7), v1 and v2)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from wakari.core.errors import AppError
from wakari.core.messages import Limits

# The file of a control group that holds each limit: below the v2 root, and below each v1 controller's.
_FILES: Mapping[str, tuple[str, ...]] = {
    "MemoryMax": ("{v2}/memory.max", "{v1}/memory{group}/memory.limit_in_bytes"),
    "TasksMax": ("{v2}/pids.max", "{v1}/pids{group}/pids.max"),
    "CPUQuota": ("{v2}/cpu.max", "{v1}/cpu{group}/cpu.cfs_quota_us", "{v1}/cpu,cpuacct{group}/cpu.cfs_quota_us"),
}
_ROOT = Path("/sys/fs/cgroup")


def properties(limits: Limits) -> dict[str, str]:
    """Return the limits as properties of systemd.resource-control(5)."""
    found: dict[str, str] = {}
    if limits.memory_max is not None:
        found["MemoryMax"] = limits.memory_max
    if limits.tasks_max is not None:
        found["TasksMax"] = str(limits.tasks_max)
    if limits.cpu_quota_percent is not None:
        found["CPUQuota"] = f"{limits.cpu_quota_percent}%"
    return found


def of_slice(limits: Limits) -> dict[str, str]:
    """Return the limits as properties of a slice; one that is not set is taken away."""
    return {"MemoryMax": "infinity", "TasksMax": "infinity", "CPUQuota": ""} | properties(limits)


def within(app: Limits, project: Limits) -> Limits:
    """Return the limits of one app in a project: no more of the processor than the whole project may have."""
    if app.cpu_quota_percent is None or project.cpu_quota_percent is None:
        return app
    return app.model_copy(update={"cpu_quota_percent": min(app.cpu_quota_percent, project.cpu_quota_percent)})


def require_enforced(limits: Limits, control_group: str, root: Path = _ROOT, *, of: str = "") -> None:
    """Raise AppError `limit_not_enforced` where the kernel holds a wider limit than asked, or none.

    `of` says whose limits they are, where it is not the site's for each app.

    systemd ignores a limit whose controller it does not have; the start must not.
    """
    for name in properties(limits):
        held = _held(name, control_group, root)
        if held is None or held > _asked(name, limits):
            where = "project's limits" if of else "app_limits"
            raise AppError(
                "limit_not_enforced",
                f"This node cannot enforce the limit {name} of {of}."
                if of
                else f"This node cannot enforce the limit {name}; the app was not started.",
                hint="An administrator must enable the control group controller (for memory: stop apps that use more"
                f" already), or take the limit out of the {where}.",
                status=500,
            )


def held(control_group: str, root: Path = _ROOT) -> dict[str, float | None]:
    """Return what the kernel holds for a control group: bytes, tasks and cores by property; None: no limit."""
    return {name: _held(name, control_group, root) for name in _FILES}


def _asked(name: str, limits: Limits) -> float:
    if name == "MemoryMax":
        return float(limits.memory_bytes)
    if name == "TasksMax":
        return float(limits.tasks_max or 0)
    return float(limits.cpu_quota_percent or 0) / 100


def _held(name: str, group: str, root: Path) -> float | None:
    """Return bytes, tasks or cores; None where there is no limit."""
    for pattern in _FILES[name]:
        for v2 in (f"{root}{group}", f"{root}/unified{group}"):
            path = Path(pattern.format(v2=v2, v1=root, group=group))
            try:
                words = path.read_text(encoding="ascii").split()
            except OSError:
                continue
            return _number(name, words, path)
    return None


def _number(name: str, words: list[str], path: Path) -> float | None:
    if not words or words[0] in {"max", "-1"}:
        return None
    value = float(words[0])
    if name != "CPUQuota":
        return value
    if len(words) > 1:
        return value / float(words[1])
    return value / float(path.with_name("cpu.cfs_period_us").read_text(encoding="ascii"))
