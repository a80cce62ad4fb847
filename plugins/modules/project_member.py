#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manage one person or group in a team."""

from __future__ import annotations

DOCUMENTATION = r"""
module: project_member
short_description: Manage one person or group in a project's team
version_added: 0.2.0
description:
  - Puts a person or a group of users into the team of a project, changes the role, or takes it out. The others stay.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.connection
  - wakari.aen.changes
options:
  project:
    description: The project, as V(alice/climate).
    type: str
    required: true
  user:
    description: The user name. Either this or O(group).
    type: str
  group:
    description: The group of users. Either this or O(user).
    type: str
  role:
    description: V(member) works on everything in the project, V(viewer) reads.
    type: str
    choices: [member, viewer]
    default: member

  state:
    description: Whether it shall be there.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: wakari.aen.project
  - module: wakari.aen.project_member_info
"""

EXAMPLES = r"""
- name: Bob may read
  wakari.aen.project_member:
    project: alice/climate
    user: bob
    role: viewer

- name: The institute is no longer in the team
  wakari.aen.project_member:
    project: alice/climate
    group: physics
    state: absent
"""

RETURN = r"""
members:
  description: The people of the team after the change, each with user and role.
  returned: always
  type: list
  elements: dict
groups:
  description: The groups of the team after the change, each with group and role.
  returned: always
  type: list
  elements: dict
"""

from ansible_collections.wakari.aen.plugins.module_utils._options import member_options
from ansible_collections.wakari.aen.plugins.module_utils._run import new_module, run
from ansible_collections.wakari.aen.plugins.module_utils._team import change_member


def main() -> None:
    """Run the module."""
    module = new_module(member_options(), required_one_of=[("user", "group")], mutually_exclusive=[("user", "group")])
    run(module, lambda client: change_member(client, module.params))


if __name__ == "__main__":
    main()
