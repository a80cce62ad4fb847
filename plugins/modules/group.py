#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manage a group of users."""

from __future__ import annotations

DOCUMENTATION = r"""
module: group
short_description: Manage a group of users
version_added: 0.2.0
description:
  - Adds, changes and removes one group of users.
  - A group can be in the team of projects; everybody in it has the role of the group there. Removing it takes it out
    of all teams.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.connection
  - wakari.aen.changes
options:
  name:
    description: The group's name.
    type: str
    required: true

  summary:
    description: What the group is, in one line. Left as it is where it is not given.
    type: str
  members:
    description: Everybody in the group, by user name. Left as they are where it is not given; V([]) empties it.
    type: list
    elements: str

  append:
    description: Whether people that are there and not named stay.
    type: bool
    default: false

  state:
    description: Whether it shall be there.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: wakari.aen.group_info
  - module: wakari.aen.groups
  - module: wakari.aen.project_member
"""

EXAMPLES = r"""
- name: The group of the institute
  wakari.aen.group:
    name: physics
    summary: Institute of Physics
    members: [alice, bob]

- name: One more, nobody less
  wakari.aen.group:
    name: physics
    members: [carol]
    append: true
"""

RETURN = r"""
group:
  description: The group.
  returned: when it is there
  type: dict
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
    created_at:
      description: When it was made.
      type: str
"""

from ansible_collections.wakari.aen.plugins.module_utils._kinds import Groups
from ansible_collections.wakari.aen.plugins.module_utils._options import group_options
from ansible_collections.wakari.aen.plugins.module_utils._run import new_module, run_entity


def main() -> None:
    """Run the module."""
    run_entity(new_module(group_options()), Groups(), "group")


if __name__ == "__main__":
    main()
