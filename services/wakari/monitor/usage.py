# SPDX-License-Identifier: GPL-3.0-or-later
"""What a control group uses, from the kernel's own files (cgroups(7), v1, v2 and both at once)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from wakari.monitor.processes import Process, processes

_ROOT = Path("/sys/fs/cgroup")
_V2 = ("", "unified")  # where the version 2 hierarchy may be mounted below the root
_V1_CPU = ("cpuacct", "cpu,cpuacct")
# A count that stands for "no limit" in version 1: page-aligned LONG_MAX.
_UNLIMITED = 2**62


@dataclass(frozen=True)
class Usage:
    """Use of one app: processor in seconds since it began, memory in bytes, tasks. None: this kernel does not tell."""

    cpu_seconds: float | None
    memory: int | None
    memory_peak: int | None
    tasks: int | None
    processes: tuple[Process, ...]


def read(group: str, root: Path = _ROOT, proc: Path = Path("/proc")) -> Usage:
    """Return the use of the control group, whose path begins with `/`; all None where it is gone."""
    v2 = [root / base / group.lstrip("/") for base in _V2]
    found = processes(_pids(group, root, v2), proc)
    return Usage(
        cpu_seconds=_cpu(group, root, v2, found),
        memory=_first([one / "memory.current" for one in v2] + [_v1(root, "memory", group, "memory.usage_in_bytes")]),
        memory_peak=_first(
            [one / "memory.peak" for one in v2] + [_v1(root, "memory", group, "memory.max_usage_in_bytes")]
        ),
        tasks=_first([one / "pids.current" for one in v2] + [_v1(root, "pids", group, "pids.current")]),
        processes=tuple(found),
    )


def _cpu(group: str, root: Path, v2: Sequence[Path], found: Sequence[Process]) -> float | None:
    for folder in v2:
        for line in _text(folder / "cpu.stat").splitlines():
            name, _, value = line.partition(" ")
            if name == "usage_usec" and value.isdigit():
                return int(value) / 1e6
    nanoseconds = _first([_v1(root, controller, group, "cpuacct.usage") for controller in _V1_CPU])
    if nanoseconds is not None:
        return nanoseconds / 1e9
    # Without the controller: what the processes that live used, and those they waited for.
    return sum(one.cpu_seconds for one in found) if found else None


def _pids(group: str, root: Path, v2: Sequence[Path]) -> list[int]:
    files = [one / "cgroup.procs" for one in v2]
    files += [_v1(root, controller, group, "cgroup.procs") for controller in ("systemd", "pids", "memory", *_V1_CPU)]
    for path in files:
        pids = [int(word) for word in _text(path).split() if word.isdigit()]
        if pids:
            return pids
    return []


def _v1(root: Path, controller: str, group: str, name: str) -> Path:
    return root / controller / group.lstrip("/") / name


def _first(files: Sequence[Path]) -> int | None:
    for path in files:
        text = _text(path).strip()
        if text.isdigit() and int(text) < _UNLIMITED:
            return int(text)
    return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""
