#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List compute nodes."""

from __future__ import annotations

DOCUMENTATION = r"""
module: compute_node_info
short_description: List compute nodes and their state
version_added: 0.2.0
description:
  - Lists all compute nodes, or finds one.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.connection
  - wakari.aen.info
options:
  name:
    description: Only this one; the list is empty where there is none.
    type: str
seealso:
  - module: wakari.aen.compute_node
"""

EXAMPLES = r"""
- name: Which nodes take projects
  wakari.aen.compute_node_info:
    query: "[?state=='up' && !drained].name"
  register: open
"""

RETURN = r"""
compute_nodes:
  description: The compute nodes, in the order of their names.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
    data_center:
      description: Id of its data center.
      type: str
    url:
      description: Where its gateway reaches it.
      type: str
    description:
      description: What it is.
      type: str
    state:
      description: V(unknown), V(up), V(degraded) or V(down).
      type: str
    drained:
      description: Whether it gets no new projects.
      type: bool

result:
  description: What O(query) makes of the list.
  returned: when O(query) is given
  type: raw
"""

from ansible_collections.wakari.aen.plugins.module_utils._client import Client, Json, segment
from ansible_collections.wakari.aen.plugins.module_utils._run import new_module, query_options, run_info


def main() -> None:
    """Run the module."""
    module = new_module({"name": {"type": "str"}, **query_options()}, states=())

    def read(client: Client) -> list[Json]:
        if module.params["name"] is None:
            return list(client.items("/nodes"))
        found, _ = client.find("/nodes/" + segment(module.params["name"]))
        return [found] if found else []

    run_info(module, "compute_nodes", read)


if __name__ == "__main__":
    main()
