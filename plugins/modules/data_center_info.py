#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List data centers."""

from __future__ import annotations

DOCUMENTATION = r"""
module: data_center_info
short_description: List data centers and their health
version_added: 0.2.0
description:
  - Lists all data centers, or finds one.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.connection
  - wakari.aen.info
options:
  name:
    description: Only this one; the list is empty where there is none.
    type: str
seealso:
  - module: wakari.aen.data_center
"""

EXAMPLES = r"""
- name: Which gateways are not well
  wakari.aen.data_center_info:
    query: "[?health.status!='ok'].{name: name, says: health.messages}"
  register: ill
"""

RETURN = r"""
data_centers:
  description: The data centers, in the order of their names.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Its id, which is also the OAuth client id of its gateway.
      type: str
    name:
      description: Its name.
      type: str
    url:
      description: Where its gateway is.
      type: str
    summary:
      description: What it is.
      type: str
    health:
      description: What the gateway said when it was last asked, with status, messages and checked_at.
      type: dict

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
        return [item for item in client.items("/data-centers") if module.params["name"] in {None, item["name"]}]

    run_info(module, "data_centers", read)


if __name__ == "__main__":
    main()
