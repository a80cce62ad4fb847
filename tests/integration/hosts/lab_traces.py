# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a lab can be seen on this machine, by means other than the ones that remove it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.hosts.settings import Lab


def traces(lab: Lab) -> list[str]:
    """Processes, mounts, namespaces, links, routes, cgroups and folders of the lab; empty when nothing is left."""
    return [
        *_processes(lab),
        *(f"mount {line}" for line in Path("/proc/mounts").read_text().splitlines() if _is_ours(lab, line)),
        *(f"namespace {path}" for path in Path("/run/netns").glob(f"{lab.name}-*")),
        *(f"link {path.name}" for path in Path("/sys/class/net").glob(f"{lab.name}-*")),
        *(f"route {line}" for line in _routes() if str(lab.network.network_address) in line),
        *(f"cgroup {path}" for path in _groups(lab)),
        *(f"nspawn {path}" for path in Path("/run/systemd/nspawn").glob(f"*/{lab.name}-*")),
        *([f"folder {lab.home}"] if lab.home.exists() else []),
    ]


def _processes(lab: Lab) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            words = (folder / "cmdline").read_text().replace("\0", " ")
            groups = (folder / "cgroup").read_text()
        except OSError:  # it ended meanwhile
            continue
        if state != "Z" and (f"aen-lab/{lab.name}/" in groups or str(lab.home) in words):
            found.append(f"process {folder.name} {words}")
    return found


def _is_ours(lab: Lab, mount: str) -> bool:
    place = mount.split()[1]
    return place.startswith((str(lab.home), f"/run/netns/{lab.name}-"))


def _routes() -> list[str]:
    return subprocess.run(
        ["ip", "route", "show", "table", "all"], check=True, capture_output=True, text=True
    ).stdout.splitlines()


def _groups(lab: Lab) -> list[Path]:
    return list(Path("/sys/fs/cgroup").rglob(f"aen-lab/{lab.name}"))
