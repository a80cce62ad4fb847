# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a module of this collection as Ansible does: its arguments on standard input, its answer on standard output."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

MODULES = Path(__file__).resolve().parents[3] / "plugins" / "modules"
# Not as a script: Python would put plugins/modules first on its path.
PROGRAM = (
    "import sys, runpy; import ansible.module_utils.basic as b; b._ANSIBLE_PROFILE = 'legacy';"
    " b._ANSIBLE_ARGS = sys.stdin.buffer.read(); runpy.run_path(sys.argv[1], run_name='__main__')"
)


def run_module(name: str, *, check: bool, **arguments: Any) -> dict[str, Any]:
    """Return the module's answer; `failed` is in it where it failed."""
    given = {"ANSIBLE_MODULE_ARGS": {"_ansible_check_mode": check, "_ansible_remote_tmp": "/tmp", **arguments}}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, str(MODULES / f"{name}.py")],
        input=json.dumps(given).encode(),
        capture_output=True,
        check=False,
    )
    assert done.stdout, done.stderr.decode()
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
