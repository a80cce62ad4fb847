# SPDX-License-Identifier: GPL-3.0-or-later
"""What this machine has, what the hosts need, and what to do about the difference."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tools.hosts import apt, cgroups, command, packages
from tools.hosts.errors import LabError
from tools.hosts.settings import SUITES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tools.hosts.settings import Lab


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    level: str  # "ok", "limited" (works, with less), "missing" (hosts cannot run)
    detail: str


def require_root() -> None:
    """Stop when not root.

    Raises:
        LabError: saying so.
    """
    if os.geteuid() != 0:
        raise LabError("test hosts need root (mounts, namespaces, cgroups): run this as root")


def require_machine(suites: Iterable[str]) -> None:
    """The quick checks before hosts come up.

    Raises:
        LabError: with everything that is missing.
    """
    require_root()
    wants = (
        [f"not installed: {', '.join(names)}; run 'python3 -m tools.hosts deps'"]
        if (names := packages.missing())
        else []
    )
    layout = cgroups.machine_layout()
    wants += [text for suite in sorted(suites) for text in layout.needs(suite)]
    if wants:
        raise LabError("this machine cannot run test hosts yet:\n" + "\n".join(f"- {one}" for one in wants))


def findings(lab: Lab) -> list[Finding]:
    """Everything that matters, good or bad; tries what can be tried and leaves nothing behind."""
    found = [_root(), _programs(), *_layout_findings()]
    if os.geteuid() == 0:
        found += [_groups(), _namespaces(), _overlay(lab)]
    return [*found, _sources()]


def _root() -> Finding:
    if os.geteuid() == 0:
        return Finding("root", "ok", "this is root")
    return Finding("root", "missing", "run as root: mounts, namespaces and cgroups need it; the rest was not tried")


def _programs() -> Finding:
    names = packages.missing()
    if names:
        return Finding("programs", "missing", f"run 'python3 -m tools.hosts deps'; it installs {', '.join(names)}")
    return Finding("programs", "ok", "all installed")


def _layout_findings() -> list[Finding]:
    return layout_findings(cgroups.machine_layout())


def layout_findings(layout: cgroups.Layout) -> list[Finding]:
    """What a cgroup layout means for hosts of each suite."""
    labels = ", ".join(one.label for one in layout.hierarchies) or "nothing"
    level = "missing" if layout.kind is cgroups.Kind.NONE else "ok"
    found = [Finding("cgroups", level, f"layout {layout.kind.value}: {labels}")]
    for suite in SUITES:
        needs = layout.needs(suite)
        if needs:
            found.append(Finding(f"hosts of {suite}", "missing", "; ".join(needs)))
        elif not layout.limits_hold(suite):
            text = f"boot, but MemoryMax=, TasksMax= and CPUQuota= are not enforced: {_why_no_limits(layout)}"
            found.append(Finding(f"hosts of {suite}", "limited", text))
        else:
            found.append(Finding(f"hosts of {suite}", "ok", "boot, with limits that hold"))
    return found


def _why_no_limits(layout: cgroups.Layout) -> str:
    if layout.kind is cgroups.Kind.V2:
        there = ", ".join(sorted(layout.v2_controllers)) or "nothing"
        return f"cgroup2 offers {there}, and pids, memory and cpu are needed"
    return "systemd of this suite uses cgroup2, or one of the v1 controllers pids, memory, cpu, cpuacct is not mounted"


def _groups() -> Finding:
    layout = cgroups.machine_layout()
    try:
        groups = cgroups.make_groups(layout, "_probe")
        with contextlib.suppress(LabError):
            cgroups.remove(groups, seconds=1)
    except OSError as error:
        text = f"no group can be made: {error}; mount /sys/fs/cgroup writable (in a container: a privileged one)"
        return Finding("cgroup write access", "missing", text)
    return Finding("cgroup write access", "ok", "groups can be made")


def _namespaces() -> Finding:
    try:
        command.run(["unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "true"])
    except LabError as error:
        return Finding("namespaces", "missing", f"{error}; CAP_SYS_ADMIN and CONFIG_NET_NS are needed")
    return Finding("namespaces", "ok", "mount, net, pid, ipc and uts")


def _overlay(lab: Lab) -> Finding:
    lab.state.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=lab.state, prefix="probe-") as name:
        folder = Path(name)
        for part in ("low", "up", "work", "root"):
            (folder / part).mkdir()
        layers = f"lowerdir={folder}/low,upperdir={folder}/up,workdir={folder}/work"
        try:
            command.run(["mount", "-t", "overlay", "overlay", "-o", layers, str(folder / "root")])
        except LabError as error:
            text = f"{error}; put AEN_LAB on ext4 or xfs (an overlay cannot be the upper layer of another)"
            return Finding("overlayfs", "missing", text)
        command.run(["umount", str(folder / "root")])
    return Finding("overlayfs", "ok", f"mounts in {lab.state}")


def _sources() -> Finding:
    try:
        sources = apt.machine_sources(SUITES[0])
    except LabError as error:
        return Finding("package sources", "missing", str(error))
    return Finding("package sources", "ok", f"{len(sources)} of this machine's apt sources serve the hosts")
