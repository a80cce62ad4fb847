#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manage a data center."""

from __future__ import annotations

DOCUMENTATION = r"""
module: data_center
short_description: Manage a data center, which is a gateway and its compute nodes
version_added: 0.2.0
description:
  - Registers, changes and removes one data center.
  - A new one has a client secret, which only this answer tells. The role aen_gateway registers its gateway by itself;
    use O(secret_dest) where something else configures it.
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
    description: Where people reach its gateway, without a path. Needed to register one.
    type: str
  summary:
    description: What it is, in one line. Left as it is where it is not given.
    type: str
  secret_dest:
    description: File that gets the client secret of a new data center, for its owner alone. Needed to register one.
    type: path

  state:
    description: Whether it shall be there.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: wakari.aen.data_center_info
  - module: wakari.aen.compute_node
"""

EXAMPLES = r"""
- name: A data center in the west
  wakari.aen.data_center:
    name: west
    url: https://gateway.west.example.org:8089
    secret_dest: /root/west-client-secret

- name: Another summary
  wakari.aen.data_center:
    name: west
    summary: Building 7
"""

RETURN = r"""
data_center:
  description: The data center, without its secret.
  returned: when it is there
  type: dict
  contains:
    id:
      description: Its id, which is also the OAuth client id of its gateway.
      type: str
    name:
      description: Its name.
      type: str
    url:
      description: Where its gateway is.
      type: str
    summary:
      description: What it is.
      type: str
    health:
      description: What the gateway said when it was last asked, with status, messages and checked_at.
      type: dict
"""

from ansible_collections.wakari.aen.plugins.module_utils._options import data_center_options
from ansible_collections.wakari.aen.plugins.module_utils._places import ensure_data_center
from ansible_collections.wakari.aen.plugins.module_utils._run import new_module, run


def main() -> None:
    """Run the module."""
    module = new_module(data_center_options())
    run(module, lambda client: ensure_data_center(client, module.params))


if __name__ == "__main__":
    main()
