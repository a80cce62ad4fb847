# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of their own that tools/testing/operations.sh made, with the first release installed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.functional.platform import LOCAL, ROOT, Site


@dataclass
class Administrator:
    """Runs playbooks of this checkout and looks at processes on hosts."""

    inventory: Path
    site: Site

    def play(self, playbook: str, **variables: str) -> tuple[str, float]:
        """Return what the playbook said, and the seconds it took; AssertionError where it failed."""
        extra = [f"-e{name}={value}" for name, value in variables.items()]
        command = ["ansible-playbook", f"playbooks/{playbook}.yml", "-i", str(self.inventory), *extra]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "PATH": path}
        began = time.monotonic()
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        took = time.monotonic() - began
        sys.stdout.write(f"{playbook}: {took:.0f} s\n{done.stdout[-3000:]}\n")
        assert done.returncode == 0, f"{playbook}: {done.returncode}\n{done.stdout[-6000:]}{done.stderr[-2000:]}"
        return done.stdout, took

    def processes(self, host: str) -> dict[str, str]:
        """Return each process of the platform's services and apps on the host, with the moment of its start."""
        # Field 22 of proc_pid_stat(5): clock ticks since the boot, never rounded anew as ps does.
        script = (
            "for p in $(pgrep -u wakari,mongodb; pgrep -f '^nginx: master'; pgrep -f ipykernel); do "
            "echo $p $(sed 's/.*) //' /proc/$p/stat | cut -d' ' -f20) "
            "$(tr '\\0' ' ' < /proc/$p/cmdline | cut -c1-200); done 2> /dev/null"
        )
        found = {}
        for line in self.site.run(host, script).splitlines():
            pid, *rest = line.split(" ", 1)
            if rest and rest[0].strip():
                found[pid] = rest[0]
        assert found, f"no process on {host}"
        return found


@pytest.fixture(scope="session")
def site() -> Site:
    assert LOCAL.exists(), "No platform is running: `make test-operations` starts one."
    return Site.read()


@pytest.fixture(scope="session")
def administrator(site: Site) -> Administrator:
    return Administrator(Path(os.environ["AEN_OPERATIONS_INVENTORY"]), site)
