#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tell what is wrong with the rights of a project's files."""

from __future__ import annotations

DOCUMENTATION = r"""
module: project_acl_info
short_description: Tell what is wrong with the rights of a project's files
version_added: 0.2.0
description:
  - Compares every file of a project on this compute node with the team, and changes nothing.
  - Runs on a compute node, as root.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.info
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
  - module: wakari.aen.project_acl
"""

EXAMPLES = r"""
- name: Whose files are wrong
  wakari.aen.project_acl_info:
    project: alice/climate
    query: "[0].owners"
  become: true
  register: wrong
"""

RETURN = r"""
reports:
  description: One report.
  returned: always
  type: list
  elements: dict
  contains:
    project:
      description: The project.
      type: str

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

result:
  description: What O(query) makes of the list.
  returned: when O(query) is given
  type: raw
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.wakari.aen.plugins.module_utils._acl import check
from ansible_collections.wakari.aen.plugins.module_utils._options import acl_options
from ansible_collections.wakari.aen.plugins.module_utils._run import answer_list, query_options


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec={**acl_options(), **query_options()}, supports_check_mode=True)
    answer_list(module, "reports", lambda: check(module))


if __name__ == "__main__":
    main()
