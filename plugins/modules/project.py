#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manage a project."""

from __future__ import annotations

DOCUMENTATION = r"""
module: project
short_description: Manage a project and its team
version_added: 0.2.0
description:
  - Creates, changes and removes one project, with its whole team.
  - Removing it stops it, archives its files on its nodes or deletes them, and waits until that is done.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.connection
  - wakari.aen.changes
options:
  owner:
    description: Who owns it.
    type: str
    required: true
  name:
    description: Its name.
    type: str
    required: true
  former_owner:
    description:
      - Where O(owner) has no project of this name and this person has one, it is handed over, with its files.
      - A project that runs is stopped. The person leaves the team unless O(members) names them.
    type: str

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
    description: Whether people and groups of the team that are there and not named stay.
    type: bool
    default: false

  files:
    description:
      - What becomes of the files of a project that is removed.
      - V(archive) moves them to the archive of its nodes, from which an administrator can bring them back.
      - V(delete) deletes them for good.
    type: str
    choices: [archive, delete]
    default: archive
  wait_timeout:
    description: Seconds to wait until a removed project is gone, or a moved one is on its other nodes.
    type: int
    default: 120

  state:
    description: Whether it shall be there.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: wakari.aen.project_info
  - module: wakari.aen.project_member
  - module: wakari.aen.project_state
  - module: wakari.aen.projects
"""

EXAMPLES = r"""
- name: Alice's project with its team
  wakari.aen.project:
    owner: alice
    name: climate
    summary: Ice cores
    members:
      - {user: bob}
      - {user: carol, role: viewer}
    groups:
      - {group: physics, role: viewer}

- name: Bob takes it over; Alice stays in the team
  wakari.aen.project:
    owner: bob
    former_owner: alice
    name: climate
    members:
      - {user: alice}
    append: true

- name: Remove it
  wakari.aen.project:
    owner: alice
    name: climate
    state: absent
"""

RETURN = r"""
project:
  description: The project.
  returned: when it is there
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
    description:
      description: What people read on its page, in Markdown.
      type: str
    public:
      description: Whether everybody who can sign in reads it.
      type: bool
    tags:
      description: The words it is found by.
      type: list
      elements: str
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
"""

from ansible_collections.wakari.aen.plugins.module_utils._kinds import Projects
from ansible_collections.wakari.aen.plugins.module_utils._options import project_options
from ansible_collections.wakari.aen.plugins.module_utils._run import new_module, run_entity


def main() -> None:
    """Run the module."""
    run_entity(new_module(project_options()), Projects(), "project")


if __name__ == "__main__":
    main()
