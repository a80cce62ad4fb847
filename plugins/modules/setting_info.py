#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read the settings of the site."""

from __future__ import annotations

DOCUMENTATION = r"""
module: setting_info
short_description: Read the settings of the site
version_added: 0.2.0
description:
  - Reads the settings of the site that change while it runs.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.connection
  - wakari.aen.info
options: {}
seealso:
  - module: wakari.aen.setting
"""

EXAMPLES = r"""
- name: What is announced
  wakari.aen.setting_info:
    query: "[0].announcement"
  register: said
"""

RETURN = r"""
settings:
  description: One entry with all settings.
  returned: always
  type: list
  elements: dict
  contains:
    default_visibility:
      description: V(public), V(private), or V(default) where the settings file of the server decides.
      type: str
    announcement:
      description: The line on top of every page; empty for none.
      type: str
    anonymous_reading:
      description: Whether public projects may be looked at in Viewer without signing in.
      type: bool
    open_registration:
      description: Whether people may make an account themselves.
      type: bool
    registration_approval:
      description: Whether an account that somebody made waits for an administrator.
      type: bool
    password_min_length:
      description: Characters a new password has at least, 8 to 64.
      type: int

result:
  description: What O(query) makes of the list.
  returned: when O(query) is given
  type: raw
"""

from ansible_collections.wakari.aen.plugins.module_utils._client import Client, Json
from ansible_collections.wakari.aen.plugins.module_utils._run import new_module, query_options, run_info
from ansible_collections.wakari.aen.plugins.module_utils._settings import shown


def main() -> None:
    """Run the module."""
    module = new_module(query_options(), states=())

    def read(client: Client) -> list[Json]:
        return [shown(client.get("/settings"))]

    run_info(module, "settings", read)


if __name__ == "__main__":
    main()
