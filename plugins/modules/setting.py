#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manage settings of the site."""

from __future__ import annotations

DOCUMENTATION = r"""
module: setting
short_description: Manage the settings of the site that change while it runs
version_added: 0.2.0
description:
  - Changes settings of the site, which take effect at once. Those that are not given stay as they are.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.connection
  - wakari.aen.changes
options:
  default_visibility:
    description: What a project is of which nobody says; V(default) leaves it to the settings file of the server.
    type: str
    choices: [public, private, default]
  announcement:
    description: One line of up to 300 characters on top of every page; empty for none.
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
seealso:
  - module: wakari.aen.setting_info
"""

EXAMPLES = r"""
- name: Tell everybody
  wakari.aen.setting:
    announcement: Maintenance on Friday from 18:00. Save your notebooks.
"""

RETURN = r"""
settings:
  description: The settings after the change.
  returned: always
  type: dict
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
"""

from ansible_collections.wakari.aen.plugins.module_utils._options import setting_options
from ansible_collections.wakari.aen.plugins.module_utils._run import new_module, run
from ansible_collections.wakari.aen.plugins.module_utils._settings import change_settings


def main() -> None:
    """Run the module."""
    module = new_module(setting_options(), states=())
    run(module, lambda client: change_settings(client, module.params))


if __name__ == "__main__":
    main()
