#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List accounts."""

from __future__ import annotations

DOCUMENTATION = r"""
module: user_info
short_description: List accounts
version_added: 0.2.0
description:
  - Lists all accounts, or finds one.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.connection
  - wakari.aen.info
options:
  name:
    description: Only this account; the list is empty where there is none.
    type: str
  source:
    description: Only accounts of this source, that of O(name) whatever it is.
    type: str
    choices: [local, ldap, pam, oidc]
seealso:
  - module: wakari.aen.user
"""

EXAMPLES = r"""
- name: Who never signed in
  wakari.aen.user_info:
    query: "[?last_sign_in==null].name"
  register: idle
"""

RETURN = r"""
users:
  description: The accounts, in the order of their names.
  returned: always
  type: list
  elements: dict
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
    source:
      description: V(local) where its password is checked by the server itself; else the directory it follows.
      type: str
    created_at:
      description: When the account was made.
      type: str
    last_sign_in:
      description: When they signed in last; null for never.
      type: str

result:
  description: What O(query) makes of the list.
  returned: when O(query) is given
  type: raw
"""

from ansible_collections.wakari.aen.plugins.module_utils._client import Client, Json, segment
from ansible_collections.wakari.aen.plugins.module_utils._options import by_source
from ansible_collections.wakari.aen.plugins.module_utils._run import new_module, query_options, run_info


def main() -> None:
    """Run the module."""
    module = new_module({**by_source(), **query_options()}, states=())

    def read(client: Client) -> list[Json]:
        if module.params["name"] is None:
            return list(client.items("/users", source=module.params["source"]))
        found, _ = client.find("/users/" + segment(module.params["name"]))
        return [found] if found else []

    run_info(module, "users", read)


if __name__ == "__main__":
    main()
