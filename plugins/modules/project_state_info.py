#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List the states of projects."""

from __future__ import annotations

DOCUMENTATION = r"""
module: project_state_info
short_description: List in which state projects are, and why
version_added: 0.2.0
description:
  - Lists state, reason and progress of the projects that the person may see.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.connection
  - wakari.aen.info
options:
  owner:
    description: Only projects of this owner.
    type: str
  node:
    description: Only projects on this compute node.
    type: str
  state:
    description: Only projects in this state.
    type: str
    choices: [stopped, starting, running, stopping, error]
seealso:
  - module: wakari.aen.project_state
"""

EXAMPLES = r"""
- name: What does not work
  wakari.aen.project_state_info:
    state: error
  register: broken
"""

RETURN = r"""
states:
  description: The states, in the order of owner and name.
  returned: always
  type: list
  elements: dict
  contains:
    owner:
      description: Who owns the project.
      type: str
    name:
      description: Its name.
      type: str
    nodes:
      description: On which compute nodes it lives.
      type: list
      elements: str
    state:
      description: V(stopped), V(starting), V(running), V(stopping) or V(error).
      type: str
    reason:
      description: Why the state is V(error).
      type: str
    progress:
      description: The last step while the state changes, with step, message and fraction.
      type: dict

result:
  description: What O(query) makes of the list.
  returned: when O(query) is given
  type: raw
"""

from ansible_collections.wakari.aen.plugins.module_utils._client import Client, Json
from ansible_collections.wakari.aen.plugins.module_utils._options import project_filters
from ansible_collections.wakari.aen.plugins.module_utils._run import new_module, query_options, run_info

FIELDS = ("owner", "name", "nodes", "state", "reason", "progress")


def main() -> None:
    """Run the module."""
    module = new_module({**project_filters(), **query_options()}, states=())

    def read(client: Client) -> list[Json]:
        given = module.params
        listed = client.items("/projects", owner=given["owner"], node=given["node"], state=given["state"])
        return [{name: item[name] for name in FIELDS} for item in listed]

    run_info(module, "states", read)


if __name__ == "__main__":
    main()
