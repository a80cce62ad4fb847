#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manage many accounts."""

from __future__ import annotations

DOCUMENTATION = r"""
module: users
short_description: Manage many accounts in one go
version_added: 0.2.0
description:
  - Brings a whole list of accounts in line, and with O(purge) removes the others.
  - Accounts with a role on the site are never purged; M(wakari.aen.user) removes them one by one.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.connection
  - wakari.aen.changes
  - wakari.aen.bulk
options:
  users:
    description: The accounts.
    type: list
    elements: dict
    required: true
    suboptions:
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
          - V(always) sets O(users[].initial_password) each time, which ends the person's sessions and is always a
            change, since nobody can read which password they have.
        type: str
        choices: [on_create, always]
        default: on_create
seealso:
  - module: wakari.aen.user
"""

EXAMPLES = r"""
- name: Everybody of the course
  wakari.aen.users:
    users:
      - {name: alice, email: alice@example.org, initial_password: "{{ vault_passwords.alice }}"}
      - {name: bob, email: bob@example.org, initial_password: "{{ vault_passwords.bob }}"}
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
from ansible_collections.wakari.aen.plugins.module_utils._kinds import Users
from ansible_collections.wakari.aen.plugins.module_utils._options import users_options
from ansible_collections.wakari.aen.plugins.module_utils._run import new_module


def main() -> None:
    """Run the module."""
    module = new_module(users_options(), states=())
    run_bulk(module, Users(), "users", key=lambda item: str(item["name"]), kept=lambda item: bool(item["roles"]))


if __name__ == "__main__":
    main()
