#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manage many projects."""

from __future__ import annotations

DOCUMENTATION = r"""
module: projects
short_description: Manage many projects and their teams in one go
version_added: 0.2.0
description:
  - Brings a whole list of projects in line, each with its team, and with O(purge) removes the others.
  - A thousand projects that are as described already cost a handful of requests.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.connection
  - wakari.aen.changes
  - wakari.aen.bulk
options:
  projects:
    description: The projects.
    type: list
    elements: dict
    required: true
    suboptions:
      owner:
        description: Who owns it.
        type: str
        required: true
      name:
        description: Its name.
        type: str
        required: true

      summary:
        description: What the project is about, in one line. Left as it is where it is not given.
        type: str
      description:
        description: What people read on its page, in Markdown. Left as it is where it is not given.
        type: str
      public:
        description:
          - Whether everybody who can sign in reads it.
          - Left as it is where it is not given; a new project is then as the site's settings say.
        type: bool
      tags:
        description: The words it is found by, all of them. Left as they are where it is not given.
        type: list
        elements: str

      members:
        description: The people of the team besides the owner. Left as they are where it is not given.
        type: list
        elements: dict
        suboptions:
          user:
            description: The user name.
            type: str
            required: true
          role:
            description: V(member) works on everything in the project, V(viewer) reads.
            type: str
            choices: [member, viewer]
            default: member
      groups:
        description: The groups of users in the team. Left as they are where it is not given.
        type: list
        elements: dict
        suboptions:
          group:
            description: The group's name.
            type: str
            required: true
          role:
            description: The role of everybody in the group.
            type: str
            choices: [member, viewer]
            default: member

      data_center:
        description: Name of the data center it lives in; else the least loaded. Cannot be changed later.
        type: str
      nodes:
        description:
          - Compute nodes of the data center it lives on, all of them; a new project else on the least loaded one.
          - It is moved, and stopped for that, where these nodes share its files; else the module fails, and it stays.
        type: list
        elements: str
  append:
    description: Whether people and groups of the teams that are there and not named stay.
    type: bool
    default: false
  files:
    description:
      - What becomes of the files of projects that are removed.
      - V(archive) moves them to the archive of their nodes, from which an administrator can bring them back.
      - V(delete) deletes them for good.
    type: str
    choices: [archive, delete]
    default: archive
  wait_timeout:
    description: Seconds to wait until each removed project is gone, or each moved one is on its other nodes.
    type: int
    default: 120
seealso:
  - module: wakari.aen.project
"""

EXAMPLES = r"""
- name: The projects of the course
  wakari.aen.projects:
    projects:
      - {owner: alice, name: exercise1, groups: [{group: course, role: viewer}]}
      - {owner: alice, name: exercise2, members: [{user: bob}]}
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
from ansible_collections.wakari.aen.plugins.module_utils._kinds import Projects
from ansible_collections.wakari.aen.plugins.module_utils._options import projects_options
from ansible_collections.wakari.aen.plugins.module_utils._run import new_module


def main() -> None:
    """Run the module."""
    module = new_module(projects_options(), states=())
    run_bulk(module, Projects(), "projects", key=lambda item: f"{item['owner']}/{item['name']}")


if __name__ == "__main__":
    main()
