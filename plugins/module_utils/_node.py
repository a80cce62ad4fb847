# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of the platform on a compute node: run without a shell, answered in JSON."""

from __future__ import annotations

import json
import os
import pwd
import re
from collections.abc import Sequence
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ._client import Json

BIN = "/opt/wakari/wakari-compute/bin"
# docs/protocols.md, "Names"; checked here so that a name is never a path or an option of a command.
PROJECT = re.compile(r"([a-z][a-z0-9_-]{0,30})/([A-Za-z][A-Za-z0-9_-]{0,62})", re.ASCII)
ENVIRONMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)


def project_of(module: AnsibleModule) -> tuple[str, str]:
    """Return owner and name of the project that the module is about; fail it for anything else."""
    found = PROJECT.fullmatch(module.params["project"])
    if found is not None:
        return found[1], found[2]
    module.fail_json(msg=f"{module.params['project']!r} is no project. Give owner and name, as alice/climate.")
    raise AssertionError("unreachable")


def command(module: AnsibleModule, name: str) -> str:
    """Return the path of one of the node's commands; fail the module where there is none, or we are not root."""
    path = f"{BIN}/{name}"
    if os.geteuid() != 0:
        module.fail_json(msg="This runs as root on a compute node. Set become: true.")
    if not os.access(path, os.X_OK):
        module.fail_json(msg=f"There is no {path}. This runs on a compute node, after the role aen_compute.")
    return path


def run_json(
    module: AnsibleModule, words: Sequence[str], *, good: Sequence[int] = (0,), run_as: str | None = None
) -> tuple[int, Json]:
    """Return exit status and answer of a command; fail the module with what it said where the status is not good.

    With `run_as` it runs as that person, with their home: files of people are not touched by root.
    """
    environment: dict[str, str] = {}
    if run_as is not None:
        home = account(module, run_as).pw_dir
        words = ["runuser", "-u", run_as, "--", "env", "-C", "/", *words]
        environment = {"HOME": home, "USER": run_as, "LOGNAME": run_as}
    status, output, said = module.run_command(list(words), environ_update=environment, cwd="/")
    answer = _parsed(output)
    if status not in good or answer is None:
        told = (answer or {}).get("error")
        reason = f"{told['message']} {told['hint']}".strip() if isinstance(told, dict) else said.strip()[-2000:]
        module.fail_json(
            msg=reason or f"{words[0]} ended with status {status} and said nothing.", rc=status, stderr=said
        )
    return status, answer


def account(module: AnsibleModule, name: str) -> pwd.struct_passwd:
    """Return a person's account on this node; fail the module where they have none."""
    try:
        return pwd.getpwnam(name)
    except KeyError:
        module.fail_json(
            msg=f"{name} has no account on this node: no project of theirs was started here. Start one first."
        )
    raise AssertionError("unreachable")


def _parsed(output: str) -> Any:  # noqa: ANN401 - whatever the command answers
    try:
        return json.loads(output) if output.strip() else {}
    except ValueError:
        return None
