# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of their own, which a script of tools/testing made and installed, as the tests of one inventory see them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest

from tests.functional.platform import LOCAL, ROOT, Site

PARSER = "wakari.search.child"  # the indexer starts one for each look through the files


@dataclass
class Administrator:
    """Runs playbooks of this checkout and looks at processes on hosts."""

    inventory: Path
    site: Site

    def play(self, playbook: str, *, fails: bool = False, limit: str = "", **variables: object) -> tuple[str, float]:
        """Return what the playbook said, and the seconds it took; AssertionError unless it ended as it should."""
        command = ["ansible-playbook", f"playbooks/{playbook}.yml", "-i", str(self.inventory)]
        command += ["--limit", limit] if limit else []
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "PATH": path}
        began = time.monotonic()
        # JSON keeps types, and in a file of ours no secret is in an argument.
        with NamedTemporaryFile("w", suffix=".json") as extra:
            json.dump(variables, extra)
            extra.flush()
            done = subprocess.run(
                [*command, "-e", f"@{extra.name}"],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                stdin=subprocess.DEVNULL,
            )
        took = time.monotonic() - began
        sys.stdout.write(f"{playbook}: {took:.0f} s\n{done.stdout[-3000:]}\n")
        said = f"{playbook}: {done.returncode}\n{done.stdout[-6000:]}{done.stderr[-2000:]}"
        assert (done.returncode != 0) is fails, said
        return done.stdout, took

    def changes_nothing(self, playbook: str, **variables: object) -> None:
        """Play it; AssertionError where it changed something on any host."""
        said, _ = self.play(playbook, **variables)
        assert all("changed=0" in line for line in said.splitlines() if " ok=" in line), said[-2000:]

    def processes(self, host: str) -> dict[str, str]:
        """Return each process of the host's services and apps that stays, with the moment of its start."""
        first = self._processes(host)
        time.sleep(3)  # what is called for a moment, such as the helper of root, has ended then
        return dict(first.items() & self._processes(host).items())

    def _processes(self, host: str) -> dict[str, str]:
        # By their units: services, database and apps.
        # Field 22 of proc_pid_stat(5): clock ticks since the boot, never rounded anew as ps does.
        script = (
            "for p in $(ps -eo pid=,unit= | awk '$2 ~ /^(wakari-|nginx)/ {print $1}'); do "
            "echo $p $(sed 's/.*) //' /proc/$p/stat | cut -d' ' -f20) "
            "$(tr '\\0' ' ' < /proc/$p/cmdline | cut -c1-200); done 2> /dev/null"
        )
        found = {}
        for line in self.site.run(host, script).splitlines():
            pid, *rest = line.split(" ", 1)
            if rest and rest[0].strip() and PARSER not in rest[0]:
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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say the figures that tests recorded, for docs/operations.md."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{report.nodeid.partition('::')[2]}: {name} {value}")
