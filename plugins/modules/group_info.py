#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List groups of users."""

from __future__ import annotations

DOCUMENTATION = r"""
module: group_info
short_description: List groups of users
version_added: 0.2.0
description:
  - Lists all groups with who is in them, or finds one.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.connection
  - wakari.aen.info
options:
  name:
    description: Only this group; the list is empty where there is none.
    type: str
  source:
    description: Only groups of this source, that of O(name) whatever it is.
    type: str
    choices: [local, ldap, pam, oidc]
seealso:
  - module: wakari.aen.group
"""

EXAMPLES = r"""
- name: The groups of Alice
  wakari.aen.group_info:
    query: "[?contains(members, 'alice')].name"
  register: groups
"""

RETURN = r"""
groups:
  description: The groups, in the order of their names.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The group's name.
      type: str
    summary:
      description: What it is.
      type: str
    members:
      description: Who is in it.
      type: list
      elements: str
    source:
      description: V(local) where people are put into it here; else the directory it follows.
      type: str
    created_at:
      description: When it was made.
      type: str

result:
  description: What O(query) makes of the list.
  returned: when O(query) is given
  type: raw
"""

from ansible_collections.wakari.aen.plugins.module_utils._client import Client, Json, segment
from ansible_collections.wakari.aen.plugins.module_utils._options import by_source
from ansible_collections.wakari.aen.plugins.module_utils._run import new_module, query_options, run_info


def main() -> None:
    """Run the module."""
    module = new_module({**by_source(), **query_options()}, states=())

    def read(client: Client) -> list[Json]:
        if module.params["name"] is None:
            return list(client.items("/groups", source=module.params["source"]))
        found, _ = client.find("/groups/" + segment(module.params["name"]))
        return [found] if found else []

    run_info(module, "groups", read)


if __name__ == "__main__":
    main()
