#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manage an account."""

from __future__ import annotations

DOCUMENTATION = r"""
module: user
short_description: Manage an account of the platform
version_added: 0.2.0
description:
  - Adds, changes and removes one account.
  - A removed name keeps its uid, should it be added again.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.connection
  - wakari.aen.changes
options:
  name:
    description: The user name.
    type: str
    required: true

  full_name:
    description: The person's name as others read it. Left as it is where it is not given.
    type: str
  email:
    description: Their e-mail address. Left as it is where it is not given.
    type: str
  roles:
    description: All roles on the site they hold. Left as they are where it is not given; V([]) takes all.
    type: list
    elements: str
    choices: [staff, superuser]
  initial_password:
    description: The password of a new account, of 8 to 256 characters. Needed to create one.
    type: str
  update_password:
    description:
      - V(on_create) leaves the password of an account that exists.
      - V(always) sets O(initial_password) each time, which ends the person's sessions and is always a change, since
        nobody can read which password they have.
    type: str
    choices: [on_create, always]
    default: on_create

  state:
    description: Whether it shall be there.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: wakari.aen.user_info
  - module: wakari.aen.users
"""

EXAMPLES = r"""
- name: An account for Alice
  wakari.aen.user:
    server_url: https://aen.example.org
    token: "{{ aen_token }}"
    name: alice
    full_name: Alice Example
    email: alice@example.org
    initial_password: "{{ vault_alice_password }}"

- name: Nobody of that name any more
  wakari.aen.user:
    name: mallory
    state: absent
"""

RETURN = r"""
user:
  description: The account.
  returned: when it is there
  type: dict
  contains:
    name:
      description: The user name.
      type: str
      sample: alice
    full_name:
      description: The name as others read it.
      type: str
    email:
      description: The e-mail address.
      type: str
    roles:
      description: Roles on the site.
      type: list
      elements: str
    groups:
      description: The groups they are in.
      type: list
      elements: str
    uid:
      description: The account's uid, and its gid, on every compute node.
      type: int
      sample: 20001
    created_at:
      description: When the account was made.
      type: str
    last_sign_in:
      description: When they signed in last; null for never.
      type: str
"""

from ansible_collections.wakari.aen.plugins.module_utils._kinds import Users
from ansible_collections.wakari.aen.plugins.module_utils._options import user_options
from ansible_collections.wakari.aen.plugins.module_utils._run import new_module, run_entity


def main() -> None:
    """Run the module."""
    run_entity(new_module(user_options()), Users(), "user")


if __name__ == "__main__":
    main()
