# SPDX-License-Identifier: GPL-3.0-or-later
"""One host: boot it, wait for it, remove it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tools.hosts import cgroups, command, disk, mounts, network, records, supervise
from tools.hosts.errors import LabError
from tools.hosts.settings import GROUP, USER

if TYPE_CHECKING:
    from tools.hosts.settings import HostSpec, Lab

BOOT_SECONDS = 120.0
_CONSOLE_LINES = 20
_NSPAWN_STATE = Path("/run/systemd/nspawn")


def boot(lab: Lab, layout: cgroups.Layout, spec: HostSpec) -> None:
    """Start a host whose disk is complete; returns at once."""
    disk.mount(lab, spec.name)
    network.plug(lab, spec.name, spec.octet)
    if layout.kind is cgroups.Kind.V2:
        # nspawn divides the group it starts in, which must hold nothing but itself.
        outer = cgroups.make_groups(layout, lab.name, spec.name, "loop")
        inner = cgroups.make_groups(layout, lab.name, spec.name, "machine")
        nspawn = cgroups.joined(inner, _nspawn(lab, spec))
    else:
        outer = cgroups.make_groups(layout, lab.name, spec.name)
        nspawn = _nspawn(lab, spec)
    if spec.memory is not None:
        _limit_memory(lab, layout, spec)
    record = str(records.record_path(lab, spec.name))
    loop = [sys.executable, "-I", supervise.__file__, record, *nspawn]
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network"}
    if layout.kind is cgroups.Kind.V2 or not layout.limits_hold(spec.suite):
        environment["SYSTEMD_NSPAWN_UNIFIED_HIERARCHY"] = "1"
    with (records.folder(lab, spec.name) / "console.log").open("ab") as console:
        subprocess.Popen(
            cgroups.joined(outer, loop),
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            start_new_session=True,
            cwd="/",
            env=environment,
        )


def _nspawn(lab: Lab, spec: HostSpec) -> list[str]:
    return [
        "systemd-nspawn",
        "--quiet",
        "--boot",
        f"--directory={records.folder(lab, spec.name) / 'root'}",
        f"--machine={lab.scoped(spec.name)}",
        f"--hostname={spec.name}",
        "--register=no",
        "--keep-unit",
        f"--network-namespace-path=/run/netns/{lab.scoped(spec.name)}",
        # With a namespace by path nspawn leaves these out; a host must be able to configure its own network.
        "--capability=CAP_NET_ADMIN",
        # mongod locks its keys in memory; nspawn's filter refuses that unless told, whatever the limits say.
        "--system-call-filter=@memlock",
        "--link-journal=no",
        "--resolv-conf=off",
        "--timezone=off",
        "--console=pipe",
    ]


def _limit_memory(lab: Lab, layout: cgroups.Layout, spec: HostSpec) -> None:
    hierarchy = layout.get("memory")
    where = hierarchy or layout.tracking
    group = where.mount.joinpath(where.own.lstrip("/"), GROUP, lab.name, spec.name)
    file = group / ("memory.limit_in_bytes" if hierarchy else "memory.max")
    try:
        file.write_text(str(spec.memory), encoding="ascii")
    except OSError as error:
        raise LabError(f"{spec.name}: no memory limit can be set: {error}") from error


def is_running(lab: Lab, layout: cgroups.Layout, name: str) -> bool:
    """Whether any process of the host is alive."""
    return any(cgroups.members(group) for group in _tracked(lab, layout, name))


def _tracked(lab: Lab, layout: cgroups.Layout, name: str) -> list[Path]:
    mount = layout.tracking.mount
    return [group for group in cgroups.find_groups(layout, lab.name, name) if mount in group.parents]


def ssh_command(lab: Lab, spec: HostSpec) -> list[str]:
    """The ssh command that reaches the host as its ordinary user; host keys are checked."""
    options = ("BatchMode=yes", "StrictHostKeyChecking=yes", "LogLevel=ERROR", "ConnectTimeout=5", "IdentitiesOnly=yes")
    argv = ["ssh", "-F", "none", "-i", str(lab.key), "-o", f"UserKnownHostsFile={lab.known_hosts}"]
    for option in options:
        argv += ["-o", option]
    return [*argv, f"{USER}@{lab.address(spec.octet)}"]


def wait_for_ssh(lab: Lab, layout: cgroups.Layout, spec: HostSpec, *, seconds: float = BOOT_SECONDS) -> None:
    """Return when a person can sign in and use sudo.

    Raises:
        LabError: the host ended, or was not ready in time; with the end of its console.
    """
    deadline = time.monotonic() + seconds
    reason = "sshd does not answer"
    while time.monotonic() < deadline:
        if _listens(str(lab.address(spec.octet))):
            try:
                command.run([*ssh_command(lab, spec), "sudo -n true"], timeout=15)
            except LabError as error:  # pam_nologin(8) refuses until the boot is far enough
                reason = str(error)
            else:
                return
        elif not is_running(lab, layout, spec.name) and seconds - (deadline - time.monotonic()) > 1:
            reason = "the host ended"
            break
        time.sleep(0.05)
    raise LabError(f"{spec.name}: {reason}; end of {console(lab, spec.name)}:\n{_tail(lab, spec.name)}")


def console(lab: Lab, name: str) -> Path:
    """The file with what the host printed on its console."""
    return records.folder(lab, name) / "console.log"


def _tail(lab: Lab, name: str) -> str:
    with contextlib.suppress(OSError):
        return "\n".join(
            console(lab, name).read_text(encoding="utf-8", errors="replace").splitlines()[-_CONSOLE_LINES:]
        )
    return "(no console)"


def _listens(address: str) -> bool:
    try:
        with socket.create_connection((address, 22), timeout=1) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def remove(lab: Lab, layout: cgroups.Layout, name: str) -> None:
    """Remove the host with all it has, whatever state it is in; nothing happens when there is nothing."""
    spec = records.read(lab, name)
    records.record_path(lab, name).unlink(missing_ok=True)  # first: the loop must not start it again
    cgroups.remove(cgroups.find_groups(layout, lab.name, name))
    network.unplug(lab, name, spec.octet if spec else None)
    _tidy_nspawn(lab, name)
    disk.remove(lab, name)  # last: a removal that is killed before is found again by the folder


def _tidy_nspawn(lab: Lab, name: str) -> None:
    """Remove what nspawn keeps for the host under /run; it was killed and could not do so."""
    root = records.folder(lab, name) / "root"
    if root.is_mount():
        status = root.stat()
        (_NSPAWN_STATE / "locks" / f"inode-{status.st_dev}:{status.st_ino}").unlink(missing_ok=True)
    for kind in ("propagate", "unix-export"):
        left = _NSPAWN_STATE / kind / lab.scoped(name)
        if left.is_dir():
            mounts.unmount_below(left)
            left.rmdir()
