# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends folders of the controller to the module of this name, in one call for all files."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):  # type: ignore[misc] # ansible-core ships no types
    """The action `wakari.aen.tree`."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_diff = True

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the module's result."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        arguments["files"] = [file for tree in arguments.pop("trees", None) or [] for file in _files(tree)]
        result |= self._execute_module(
            module_name="wakari.aen.tree", module_args=arguments, task_vars=task_vars, wrap_async=False
        )
        return result


def _files(tree: dict[str, str]) -> list[dict[str, str]]:
    """Return every file below `src` with its place below `dest`; AnsibleActionFail where there is none."""
    source = Path(tree["src"])
    paths = sorted(path for path in source.rglob("*") if path.is_file())
    if not paths:
        raise AnsibleActionFail(f"{source}: no such folder on the controller, or nothing in it")
    return [
        {
            "path": str(Path(tree["dest"]) / path.relative_to(source)),
            "content": base64.b64encode(path.read_bytes()).decode(),
        }
        for path in paths
    ]
