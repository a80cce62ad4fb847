#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put right who may do what with a project's files."""

from __future__ import annotations

DOCUMENTATION = r"""
module: project_acl
short_description: Put right who may do what with the files of a project
version_added: 0.2.0
description:
  - Compares every file of a project on this compute node with the team, as it was when the project was started or its
    team changed, and puts right what differs.
  - It is the node's own engine (C(wk-permissions)) that looks and writes, the same that runs at every start of a
    project.
  - Runs on a compute node, as root.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.changes
options:
  project:
    description: The project, as V(alice/climate). It was started on this node at least once.
    type: str
    required: true

  examples:
    description: How many wrong files are told one by one, V(0) to V(100000); all are counted.
    type: int
    default: 20
seealso:
  - module: wakari.aen.project_acl_info
"""

EXAMPLES = r"""
- name: What is wrong with the files of a project
  wakari.aen.project_acl:
    project: alice/climate
  become: true
  check_mode: true
  diff: true

- name: Put it right
  wakari.aen.project_acl:
    project: alice/climate
  become: true
"""

RETURN = r"""
report:
  description: What was found, and done.
  returned: always
  type: dict
  contains:
    checked:
      description: How many files and folders were looked at.
      type: int
    wrong:
      description: How many of them were not right.
      type: int
    changed:
      description: How many were put right.
      type: int
    owners:
      description: The wrong ones by their owner.
      type: dict
    skipped:
      description: How many were left alone, by the reason.
      type: dict
    problems:
      description: The first of the wrong ones, with path, owner, and their entries before and after.
      type: list
      elements: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.wakari.aen.plugins.module_utils._acl import repair
from ansible_collections.wakari.aen.plugins.module_utils._options import acl_options


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=acl_options(), supports_check_mode=True)
    module.exit_json(**repair(module))


if __name__ == "__main__":
    main()
