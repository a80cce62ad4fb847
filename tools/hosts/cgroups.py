# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cgroups the machine has, and which ones a host gets.

Each host enters groups of its own before its systemd starts: with shared groups every systemd would see, and manage,
the processes of the others. The groups are also how processes are found again: whatever runs in them is ours, also when
every state file is lost.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from tools.hosts import process
from tools.hosts.errors import LabError
from tools.hosts.settings import GROUP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# What TasksMax=, MemoryMax= and CPUQuota= need. On v1 systemd takes cpu and cpuacct as one: with cpu alone writable, a
# unit with CPUQuota= gets no group in it, and no limit.
CONTROLLERS = ("pids", "memory", "cpu", "cpuacct")
TOP = Path("/sys/fs/cgroup")


class Kind(Enum):
    """The machine's layout."""

    V1 = "v1"  # controllers in v1 hierarchies; cgroup2 may be mounted beside them ("hybrid")
    V2 = "v2"  # cgroup2 alone
    NONE = "none"


@dataclass(frozen=True)
class Hierarchy:
    """One mounted hierarchy."""

    label: str  # a controller, "systemd", or "unified"
    mount: Path
    own: str  # the group of this process, from the mount's root: "/" or "/a/b"


@dataclass(frozen=True)
class Layout:
    """The hierarchies that matter to a host."""

    kind: Kind
    hierarchies: tuple[Hierarchy, ...]
    v2_controllers: frozenset[str] = frozenset()  # what cgroup2 can hand down

    def get(self, label: str) -> Hierarchy | None:
        """The hierarchy with this label; None when it is not mounted."""
        return next((one for one in self.hierarchies if one.label == label), None)

    @property
    def tracking(self) -> Hierarchy:
        """The hierarchy whose groups tell which processes are ours.

        Raises:
            LabError: no hierarchy can.
        """
        found = self.get("systemd") or self.get("unified")
        if found is None:
            raise LabError("; ".join(self.needs("bookworm")))
        return found

    def needs(self, suite: str) -> list[str]:
        """What the machine lacks to boot a host of the suite; empty when nothing."""
        if self.kind is Kind.NONE:
            return ["no cgroups are mounted: mount cgroup2 on /sys/fs/cgroup"]
        if self.kind is Kind.V1 and suite == "bookworm" and self.get("systemd") is None:
            remedy = "mkdir {0} && mount -t cgroup -o none,name=systemd systemd {0}".format("/sys/fs/cgroup/systemd")
            return [f"the named hierarchy of systemd is not mounted: {remedy}"]
        if self.get("unified") is None and suite != "bookworm":
            remedy = "mkdir {0} && mount -t cgroup2 cgroup2 {0}".format("/sys/fs/cgroup/unified")
            return [f"systemd of {suite} refuses cgroup v1 and cgroup2 is not mounted: {remedy}"]
        return []

    def limits_hold(self, suite: str) -> bool:
        """Whether MemoryMax=, TasksMax= and CPUQuota= of units inside a host of the suite are enforced."""
        if self.kind is Kind.V2:
            return {"pids", "memory", "cpu"} <= self.v2_controllers
        return suite == "bookworm" and all(self.get(one) for one in CONTROLLERS)


def read_layout(mounts: str, own: str, top: Path = TOP) -> Layout:
    """The layout that the texts of /proc/mounts and /proc/self/cgroup describe (cgroups(7)).

    On v1 our groups are made below the group of this process, so that a limit on it goes on holding. On v2 they are
    made below the root: a group that holds processes cannot hand controllers to children. Hierarchies mounted elsewhere
    than in `top` do not count: systemd and nspawn look there only.
    """
    groups: dict[str, str] = {}
    for line in own.splitlines():
        _, names, path = line.split(":", 2)
        for name in names.split(","):
            groups[name or "unified"] = path
    found: dict[str, Hierarchy] = {}
    for line in mounts.splitlines():
        _, place, filesystem, options = line.split()[:4]
        mount = Path(place)
        if mount == top:
            found.clear()  # hides what was mounted in it before
        if filesystem == "cgroup2" and mount in (top, top / "unified"):
            found["unified"] = Hierarchy("unified", mount, "/")
        if filesystem != "cgroup" or mount.parent != top:
            continue
        for option in options.split(","):
            label = "systemd" if option == "name=systemd" else option
            if label in (*CONTROLLERS, "systemd") and label not in found:
                # systemd's own hierarchy limits nothing; below a session's scope, a group would end with the session.
                own_group = "/" if label == "systemd" else groups.get(option, "/")
                found[label] = Hierarchy(label, mount, own_group)
    order = ("systemd", "unified", *CONTROLLERS)
    hierarchies = tuple(found[label] for label in order if label in found)
    if not hierarchies:
        return Layout(Kind.NONE, ())
    kind = Kind.V2 if hierarchies[0].mount == top else Kind.V1
    return Layout(kind, hierarchies)


def machine_layout() -> Layout:
    """The layout of this machine."""
    layout = read_layout(
        Path("/proc/self/mounts").read_text(encoding="utf-8"), Path("/proc/self/cgroup").read_text(encoding="utf-8")
    )
    if layout.kind is Kind.V2:
        available = (layout.tracking.mount / "cgroup.controllers").read_text(encoding="ascii").split()
        layout = replace(layout, v2_controllers=frozenset(available))
    return layout


def lab_groups(layout: Layout, *path: str) -> list[Path]:
    """The groups of the lab part `path` (e.g. lab name, host name), one for each hierarchy; not created here."""
    places = (one.mount.joinpath(one.own.lstrip("/"), GROUP, *path) for one in layout.hierarchies)
    return list(dict.fromkeys(places))  # cpu and cpuacct may be one hierarchy


def make_groups(layout: Layout, *path: str) -> list[Path]:
    """Create the groups of the lab part `path` and return them; on v2 controllers are handed down to them."""
    groups = lab_groups(layout, *path)
    for group in groups:
        group.mkdir(parents=True, exist_ok=True)
    if layout.kind is Kind.V2:
        root = layout.tracking.mount
        for folder in (root, *(root.joinpath(GROUP, *path[:depth]) for depth in range(len(path)))):
            available = (folder / "cgroup.controllers").read_text(encoding="ascii").split()
            wanted = " ".join(f"+{one}" for one in CONTROLLERS if one in available)
            if wanted:
                (folder / "cgroup.subtree_control").write_text(wanted, encoding="ascii")
    return groups


def joined(groups: Sequence[Path], argv: Sequence[str]) -> list[str]:
    """The command that enters the groups and then becomes `argv`; it ends with 125 when a group is gone."""
    script = (
        'n=$1; shift; while [ $n -gt 0 ]; do echo 0 >"$1/cgroup.procs" || exit 125; shift; n=$((n-1)); done; exec "$@"'
    )
    return ["sh", "-c", script, "join-cgroups", str(len(groups)), *map(str, groups), *argv]


def find_groups(layout: Layout, *path: str) -> list[Path]:
    """Existing groups of the lab part `path` anywhere on the machine, also those another session made."""
    found: list[Path] = []
    for mount in dict.fromkeys(one.mount for one in layout.hierarchies):
        for top in _tops(mount):
            group = top.joinpath(*path)
            if group.is_dir():
                found.append(group)
    return found


def _tops(folder: Path) -> Iterator[Path]:
    for child in _children(folder):
        if child.name == GROUP:
            yield child
        else:
            yield from _tops(child)


def _children(group: Path) -> list[Path]:
    # A group may vanish while it is read: that is the wanted end, not an error.
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return [child for child in group.iterdir() if child.is_dir() and not child.is_symlink()]
    return []


def members(group: Path) -> list[int]:
    """Ids of the live processes in the group and below; empty when the group does not exist."""
    pids: list[int] = []
    with contextlib.suppress(OSError):  # gone, or a v2 threaded group
        pids = [int(line) for line in (group / "cgroup.procs").read_text(encoding="ascii").split()]
    live = [pid for pid in pids if pid > 0 and process.alive(pid)]
    for child in _children(group):
        live += members(child)
    return live


def remove(groups: Sequence[Path], *, seconds: float = 10) -> None:
    """End every process in the groups and remove the groups with all below them.

    Raises:
        LabError: something is still there after `seconds`.
    """
    deadline = time.monotonic() + seconds
    while True:
        for group in groups:
            for pid in members(group):
                process.kill(pid)
        for group in groups:
            _remove_tree(group)
        left = [group for group in groups if group.is_dir()]
        if not left:
            return
        if time.monotonic() > deadline:
            raise LabError(f"still there after {seconds:g} s: {', '.join(map(str, left))}, with {members(left[0])}")
        time.sleep(0.02)


def _remove_tree(group: Path) -> None:
    for child in _children(group):
        _remove_tree(child)
    with contextlib.suppress(OSError):  # busy until the last process is gone: the caller tries again
        group.rmdir()
