#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List conda environments of projects."""

from __future__ import annotations

DOCUMENTATION = r"""
module: environment_info
short_description: List the conda environments of projects
version_added: 0.2.0
description:
  - Lists the environments in the C(envs/) of one project, or of all projects on this compute node.
  - Runs on a compute node, as root.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.info
options:
  project:
    description: Only this project.
    type: str

  project_root:
    description: Where the projects are on the node.
    type: path
    default: /projects
seealso:
  - module: wakari.aen.environment
"""

EXAMPLES = r"""
- name: Which projects have an environment of Python 3.9
  wakari.aen.environment_info:
    query: "[?starts_with(python || '', '3.9')].project"
  become: true
  register: old
"""

RETURN = r"""
environments:
  description: The environments.
  returned: always
  type: list
  elements: dict
  contains:
    project:
      description: The project.
      type: str
    name:
      description: Its name.
      type: str
    prefix:
      description: Where it is.
      type: str
    python:
      description: The version of Python in it; null for none.
      type: str

result:
  description: What O(query) makes of the list.
  returned: when O(query) is given
  type: raw
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.wakari.aen.plugins.module_utils._environment import list_environments
from ansible_collections.wakari.aen.plugins.module_utils._options import environment_info_options
from ansible_collections.wakari.aen.plugins.module_utils._run import answer_list, query_options


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec={**environment_info_options(), **query_options()}, supports_check_mode=True)
    answer_list(module, "environments", lambda: list_environments(module))


if __name__ == "__main__":
    main()
