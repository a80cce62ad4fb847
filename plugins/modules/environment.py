#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manage a conda environment of a project."""

from __future__ import annotations

DOCUMENTATION = r"""
module: environment
short_description: Manage a conda environment of a project
version_added: 0.2.0
description:
  - Makes an environment in the project's C(envs/) on this compute node, adds packages to one, or removes it.
  - The node's own C(wk-environment) does it, as the owner of the project, so that the whole team can use and change
    it.
  - Runs on a compute node, as root.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.changes
options:
  project:
    description: The project, as V(alice/climate). It was started on this node at least once.
    type: str
    required: true
  name:
    description: Name of the environment.
    type: str
    required: true
  packages:
    description:
      - What must be there, as conda writes it, for instance V(numpy) or V(python=3.11).
      - Packages that are there besides stay, and so do versions that satisfy this.
    type: list
    elements: str
    default: []
  channels:
    description: URLs, or directories of the node; else those of the site's C(.condarc).
    type: list
    elements: str

  project_root:
    description: Where the projects are on the node.
    type: path
    default: /projects

  force:
    description: Whether the active environment of the project, or the one of the name V(default), may be removed.
    type: bool
    default: false

  state:
    description: Whether it shall be there.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: wakari.aen.environment_info
"""

EXAMPLES = r"""
- name: An environment for the course
  wakari.aen.environment:
    project: alice/climate
    name: course
    packages: [python=3.11, numpy, xarray]
  become: true

- name: Remove it
  wakari.aen.environment:
    project: alice/climate
    name: course
    state: absent
  become: true
"""

RETURN = r"""
prefix:
  description: Where it is.
  returned: always
  type: str
  sample: /projects/alice/climate/envs/course
packages:
  description: Name and version of each package conda installed there; in check mode those before.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.wakari.aen.plugins.module_utils._environment import run_environment
from ansible_collections.wakari.aen.plugins.module_utils._options import environment_options


def main() -> None:
    """Run the module."""
    required = [("state", "present", ("packages",))]
    module = AnsibleModule(argument_spec=environment_options(), required_if=required, supports_check_mode=True)
    run_environment(module)


if __name__ == "__main__":
    main()
