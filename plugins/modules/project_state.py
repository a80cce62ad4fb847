#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start and stop a project."""

from __future__ import annotations

DOCUMENTATION = r"""
module: project_state
short_description: Start and stop a project
version_added: 0.2.0
description:
  - Starts or stops a project on its compute nodes, and waits until it runs or rests. A failure is told with its
    reason.
  - A project that starts already is waited for; that is no change.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.connection
  - wakari.aen.changes
options:
  project:
    description: The project, as V(alice/climate).
    type: str
    required: true
  wait:
    description: Whether to wait for the end.
    type: bool
    default: true

  wait_timeout:
    description: Seconds to wait until it runs or rests.
    type: int
    default: 300

  state:
    description: What the project shall do.
    type: str
    choices: [started, stopped]
    default: started
seealso:
  - module: wakari.aen.project
  - module: wakari.aen.project_state_info
"""

EXAMPLES = r"""
- name: The project runs
  wakari.aen.project_state:
    project: alice/climate
    state: started
"""

RETURN = r"""
project:
  description: The project as it is at the end.
  returned: always
  type: dict
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
    public:
      description: Whether everybody who can sign in reads it.
      type: bool
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

task:
  description: Id of the task that was queued.
  returned: when something was done
  type: str
"""

from ansible_collections.wakari.aen.plugins.module_utils._options import project_state_options
from ansible_collections.wakari.aen.plugins.module_utils._run import new_module, run
from ansible_collections.wakari.aen.plugins.module_utils._start_stop import start_stop


def main() -> None:
    """Run the module."""
    module = new_module(project_state_options(), states=("started", "stopped"))
    run(module, lambda client: start_stop(client, module.params))


if __name__ == "__main__":
    main()
