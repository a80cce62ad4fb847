#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List projects."""

from __future__ import annotations

DOCUMENTATION = r"""
module: project_info
short_description: List projects with their teams
version_added: 0.2.0
description:
  - Lists the projects that the person may see; the server filters.
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
  name:
    description: Only projects of this name.
    type: str
seealso:
  - module: wakari.aen.project
"""

EXAMPLES = r"""
- name: Which projects run on a node
  wakari.aen.project_info:
    node: compute1
    state: running
    query: "[].join('/', [owner, name])"
  register: running
"""

RETURN = r"""
projects:
  description: The projects, in the order of owner and name.
  returned: always
  type: list
  elements: dict
  contains:
    owner:
      description: Who owns it.
      type: str
    name:
      description: Its name.
      type: str
    summary:
      description: What it is about.
      type: str
    description:
      description: What people read on its page, in Markdown.
      type: str
    public:
      description: Whether everybody who can sign in reads it.
      type: bool
    tags:
      description: The words it is found by.
      type: list
      elements: str
    data_center:
      description: Where it lives.
      type: str
    nodes:
      description: On which compute nodes.
      type: list
      elements: str
    state:
      description: V(stopped), V(starting), V(running), V(stopping) or V(error).
      type: str
    reason:
      description: Why the state is V(error).
      type: str
    members:
      description: The people of the team, each with user and role.
      type: list
      elements: dict
    groups:
      description: The groups of the team, each with group and role.
      type: list
      elements: dict
    urls:
      description: Where its page and apps are.
      type: dict

result:
  description: What O(query) makes of the list.
  returned: when O(query) is given
  type: raw
"""

from ansible_collections.wakari.aen.plugins.module_utils._client import Client, Json, segment
from ansible_collections.wakari.aen.plugins.module_utils._options import project_filters
from ansible_collections.wakari.aen.plugins.module_utils._run import new_module, query_options, run_info


def main() -> None:
    """Run the module."""
    module = new_module({**project_filters(), "name": {"type": "str"}, **query_options()}, states=())

    def read(client: Client) -> list[Json]:
        given = module.params
        if given["owner"] and given["name"] and not given["node"] and not given["state"]:
            found, _ = client.find(f"/projects/{segment(given['owner'])}/{segment(given['name'])}")
            return [found] if found else []
        listed = client.items("/projects", owner=given["owner"], node=given["node"], state=given["state"])
        return [item for item in listed if given["name"] in {None, item["name"]}]

    run_info(module, "projects", read)


if __name__ == "__main__":
    main()
