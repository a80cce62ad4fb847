#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List API tokens."""

from __future__ import annotations

DOCUMENTATION = r"""
module: token_info
short_description: List API tokens of one's own
version_added: 0.2.0
description:
  - Lists the living API tokens of the person who signs in, without their secrets.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.connection
  - wakari.aen.info
options:
  name:
    description: Only tokens with this label.
    type: str
seealso:
  - module: wakari.aen.token
"""

EXAMPLES = r"""
- name: Tokens that were never used
  wakari.aen.token_info:
    query: "[?last_used_at==null].name"
  register: unused
"""

RETURN = r"""
tokens:
  description: The tokens, newest first.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Its id, by which it is revoked.
      type: str
    name:
      description: Its label.
      type: str
    created_at:
      description: When it was made.
      type: str
    expires_at:
      description: When it ends.
      type: str
    last_used_at:
      description: When it was last used, to the minute; null for never.
      type: str

result:
  description: What O(query) makes of the list.
  returned: when O(query) is given
  type: raw
"""

from ansible_collections.wakari.aen.plugins.module_utils._client import Client, Json
from ansible_collections.wakari.aen.plugins.module_utils._run import new_module, query_options, run_info


def main() -> None:
    """Run the module."""
    module = new_module({"name": {"type": "str"}, **query_options()}, states=())

    def read(client: Client) -> list[Json]:
        listed = client.items("/tokens")
        return [
            item for item in listed if item["id"] != client.own_token and module.params["name"] in {None, item["name"]}
        ]

    run_info(module, "tokens", read)


if __name__ == "__main__":
    main()
