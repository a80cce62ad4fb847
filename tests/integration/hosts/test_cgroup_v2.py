# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts on a machine with cgroup2 alone; where it is not, a mount namespace makes it look so, limits apart."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.hosts.lab_traces import traces

if TYPE_CHECKING:
    from collections.abc import Callable

    from tools.hosts.settings import Lab

pytestmark = pytest.mark.root

# One shell, for the mounts of the hosts are seen in this namespace only.
STEPS = """
set -eu
umount --recursive /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
"$@" check
"$@" up five=145 six=146:trixie
"$@" ssh five 'systemctl is-system-running --wait; stat -fc %T /sys/fs/cgroup'
"$@" ssh six 'systemctl is-system-running --wait; stat -fc %T /sys/fs/cgroup'
"$@" ssh five 'sudo cp /proc/sys/kernel/random/boot_id /srv/before; sudo systemctl reboot' || true
for try in $(seq 100); do
  "$@" ssh five '! cmp -s /srv/before /proc/sys/kernel/random/boot_id && echo rebooted' && break
  sleep 0.2
done
"$@" destroy
"""


def test_hosts_boot_reboot_and_go(
    hosts: Callable[..., subprocess.CompletedProcess[str]], command: list[str], lab: Lab
) -> None:
    hosts("base", "--suite", "trixie")
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", STEPS, "sh", *command],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "layout v2" in done.stdout
    assert done.stdout.count("running\ncgroup2fs\n") == 2
    assert "rebooted\n" in done.stdout
    assert traces(lab) == []
