#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manage many groups."""

from __future__ import annotations

DOCUMENTATION = r"""
module: groups
short_description: Manage many groups of users in one go
version_added: 0.2.0
description:
  - Brings a whole list of groups in line, and with O(purge) removes the others.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.connection
  - wakari.aen.changes
  - wakari.aen.bulk
options:
  groups:
    description: The groups.
    type: list
    elements: dict
    required: true
    suboptions:
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
seealso:
  - module: wakari.aen.group
"""

EXAMPLES = r"""
- name: The groups of the site, and no other
  wakari.aen.groups:
    groups:
      - {name: physics, members: [alice, bob]}
      - {name: biology, members: [carol]}
    purge: true
"""

RETURN = r"""
created:
  description: Names of those that were made.
  returned: always
  type: list
  elements: str
updated:
  description: Names of those that were changed.
  returned: always
  type: list
  elements: str
removed:
  description: Names of those that were removed.
  returned: always
  type: list
  elements: str
requests:
  description: How many requests were sent to the server.
  returned: always
  type: int
failures:
  description: Each that could not be brought in line, with its name and the reason.
  returned: when there are some
  type: list
  elements: dict
  contains:
    name:
      description: Which one.
      type: str
    msg:
      description: Why.
      type: str
"""

from ansible_collections.wakari.aen.plugins.module_utils._bulk import run_bulk
from ansible_collections.wakari.aen.plugins.module_utils._kinds import Groups
from ansible_collections.wakari.aen.plugins.module_utils._options import groups_options
from ansible_collections.wakari.aen.plugins.module_utils._run import new_module


def main() -> None:
    """Run the module."""
    module = new_module(groups_options(), states=())
    run_bulk(module, Groups(), "groups", key=lambda item: str(item["name"]))


if __name__ == "__main__":
    main()
