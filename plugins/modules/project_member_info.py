#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List who is in a team."""

from __future__ import annotations

DOCUMENTATION = r"""
module: project_member_info
short_description: List who is in a project's team, by name and by group
version_added: 0.2.0
description:
  - Lists owner, people and groups of a project's team, and with O(resolve) everybody in these groups.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.connection
  - wakari.aen.info
options:
  project:
    description: The project, as V(alice/climate).
    type: str
    required: true
  resolve:
    description: Whether each person of a group is listed too.
    type: bool
    default: false
seealso:
  - module: wakari.aen.project_member
"""

EXAMPLES = r"""
- name: Who can write, by whatever way
  wakari.aen.project_member_info:
    project: alice/climate
    resolve: true
    query: "[?role!='viewer' && user].user"
  register: writers
"""

RETURN = r"""
members:
  description: The team; who is in it by several ways is listed for each.
  returned: always
  type: list
  elements: dict
  contains:
    user:
      description: The person; null in the entry of a group.
      type: str
    group:
      description: The group the entry is about, or by which the person is in the team.
      type: str
    role:
      description: V(owner), V(member) or V(viewer).
      type: str

result:
  description: What O(query) makes of the list.
  returned: when O(query) is given
  type: raw
"""

from ansible_collections.wakari.aen.plugins.module_utils._client import Client, Json
from ansible_collections.wakari.aen.plugins.module_utils._run import new_module, query_options, run_info
from ansible_collections.wakari.aen.plugins.module_utils._team import list_team


def main() -> None:
    """Run the module."""
    options = {"project": {"type": "str", "required": True}, "resolve": {"type": "bool", "default": False}}
    module = new_module({**options, **query_options()}, states=())

    def read(client: Client) -> list[Json]:
        return list_team(client, module.params["project"], resolve=module.params["resolve"])

    run_info(module, "members", read)


if __name__ == "__main__":
    main()
