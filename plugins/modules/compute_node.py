#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manage a compute node."""

from __future__ import annotations

DOCUMENTATION = r"""
module: compute_node
short_description: Register, drain and remove a compute node
version_added: 0.2.0
description:
  - Registers, changes, drains and removes one compute node. The role aen_compute registers the nodes of an inventory
    by itself.
  - A drained node gets no new projects; those it has stay. A node on which projects live is not removed.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.connection
  - wakari.aen.changes
options:
  name:
    description: Its name.
    type: str
    required: true
  url:
    description: Where its gateway reaches it, without a path. Needed to register one.
    type: str
  data_center:
    description: Name or id of its data center. Needed to register one; cannot be changed later.
    type: str
  description:
    description: What it is, in one line. Left as it is where it is not given.
    type: str
  state:
    description: V(present) takes new projects, V(drained) does not.
    type: str
    choices: [present, absent, drained]
    default: present
seealso:
  - module: wakari.aen.compute_node_info
  - module: wakari.aen.data_center
"""

EXAMPLES = r"""
- name: No new projects on a node that shall be replaced
  wakari.aen.compute_node:
    name: compute7
    state: drained

- name: Remove it, once no project lives on it
  wakari.aen.compute_node:
    name: compute7
    state: absent
"""

RETURN = r"""
compute_node:
  description: The compute node.
  returned: when it is there
  type: dict
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
"""

from ansible_collections.wakari.aen.plugins.module_utils._kinds_places import ComputeNodes
from ansible_collections.wakari.aen.plugins.module_utils._options import compute_node_options
from ansible_collections.wakari.aen.plugins.module_utils._run import new_module, run_entity


def main() -> None:
    """Run the module."""
    run_entity(
        new_module(compute_node_options(), states=("present", "absent", "drained")), ComputeNodes(), "compute_node"
    )


if __name__ == "__main__":
    main()
