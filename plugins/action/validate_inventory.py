# SPDX-License-Identifier: GPL-3.0-or-later
"""Check the whole inventory on the controller; see plugins/modules/validate_inventory.py for what it promises."""

from __future__ import annotations

from itertools import chain
from typing import Any

from ansible.plugins.action import ActionBase

from ..module_utils import (  # noqa: TID252
    _inventory_accounts,
    _inventory_mail,
    _inventory_needs,
    _inventory_tls,
    _inventory_topology,
    _inventory_variables,
)
from ..plugin_utils import _certificates, _controller_files, _read_inventory, _role_variables  # noqa: TID252


class ActionModule(ActionBase):  # type: ignore[misc] # ansible-core ships no types
    """The action `wakari.aen.validate_inventory`."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return a failed result with every problem of the inventory, or an unchanged one where there is none."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _, arguments = self.validate_argument_spec(
            argument_spec={"controller_files": {"type": "bool", "default": False}}
        )
        variables = task_vars or {}
        reader = _read_inventory.Reader(variables["hostvars"], self._templar, self._loader, variables["playbook_dir"])
        inventory = reader.read()
        looks_at_files = arguments["controller_files"]
        found = chain(
            _inventory_topology.problems(inventory),
            _inventory_variables.problems(inventory, _role_variables.known()),
            _inventory_needs.problems(inventory),
            _inventory_tls.problems(inventory),
            _inventory_accounts.problems(inventory),
            _inventory_mail.problems(inventory),
            _controller_files.problems(inventory) if looks_at_files else (),
            _certificates.problems(inventory, self._loader.get_real_file) if looks_at_files else (),
        )
        problems = list(dict.fromkeys(found))  # what a group says wrongly is wrong for each of its hosts
        result |= {"changed": False, "msg": f"The inventory is good: {len(inventory.hosts)} hosts."}
        if problems:
            lines = "\n".join(f"- {problem}" for problem in problems)
            result |= {"failed": True, "msg": f"The inventory must change. No host was touched.\n{lines}"}
        return result
