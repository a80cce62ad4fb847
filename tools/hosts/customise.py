# SPDX-License-Identifier: GPL-3.0-or-later
"""What a base image is: a plain Debian server with systemd and sshd, and nothing of the product.

This file's text is part of the image's name, so a change here makes a new image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tools.hosts import command

if TYPE_CHECKING:
    from pathlib import Path

# dbus-user-session: user services; libnss-systemd: DynamicUser=; libpam-systemd: a login is a session.
PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "dbus-user-session", "libpam-systemd", "libnss-systemd"),
    *("openssh-server", "python3", "python3-apt", "sudo", "acl", "iproute2", "iputils-ping"),
    *("ca-certificates", "procps", "curl", "netbase", "kmod", "logrotate"),
)
# What Debian 12 has in the package systemd: without it only root may use ping.
SUITE_PACKAGES = {"trixie": ("linux-sysctl-defaults",)}

CGROUPS_FILE = "etc/lab-cgroups"

# nspawn hands cgroup v1 controllers over read-only, although each is rooted in the host's own group. systemd reads what
# it may write only when it starts, hence the re-execution.
_CGROUPS_SCRIPT = """#!/bin/sh
set -e
for controller in $(cat /etc/lab-cgroups); do
  mount -o remount,rw,bind "/sys/fs/cgroup/$controller"
done
exec systemctl --no-block daemon-reexec
"""

_CGROUPS_UNIT = """[Unit]
Description=Let this host's systemd use its own cgroup v1 controllers
DefaultDependencies=no
Before=sysinit.target
ConditionPathExists=/etc/lab-cgroups

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/lab-cgroups

[Install]
WantedBy=sysinit.target
"""


def customise(root: Path, user: str) -> None:
    """Make the freshly unpacked system in `root` a test host's base: an account with sudo, no keys, no identity."""
    _in(root, "useradd", "--create-home", "--shell", "/bin/bash", user)
    _write(root / "etc/sudoers.d" / user, f"{user} ALL=(ALL) NOPASSWD: ALL\n", 0o440)
    _write(root / "etc/default/locale", "LANG=C.UTF-8\n")
    _write(root / "usr/local/sbin/lab-cgroups", _CGROUPS_SCRIPT, 0o755)
    _write(root / "etc/systemd/system/lab-cgroups.service", _CGROUPS_UNIT)
    _in(root, "systemctl", "--quiet", "enable", "lab-cgroups.service")
    _in(root, "systemctl", "--quiet", "mask", "apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer")
    # Every host gets its own of these when it is made.
    for path in [*root.glob("etc/ssh/ssh_host_*"), *root.glob("etc/apt/sources.list*"), root / "etc/resolv.conf"]:
        if path.is_file() or path.is_symlink():
            path.unlink()
    (root / "etc/apt/apt.conf.d/99mmdebstrap").unlink(missing_ok=True)
    _write(root / "etc/machine-id", "", 0o444)


def _in(root: Path, *argv: str) -> None:
    command.run(["chroot", str(root), *argv])


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
