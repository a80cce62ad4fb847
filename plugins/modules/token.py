#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manage an API token."""

from __future__ import annotations

DOCUMENTATION = r"""
module: token
short_description: Manage an API token of one's own
version_added: 0.2.0
description:
  - Makes an API token of the person in O(username), or revokes it. A token is known by its label. Of several with one
    label, all but the newest are revoked.
  - A token that lives long enough, and whose file is there, is left as it is.
author: The Wakari AEN maintainers (@wakari)
extends_documentation_fragment:
  - wakari.aen.connection
  - wakari.aen.changes
options:
  name:
    description: The label that tells your tokens apart.
    type: str
    required: true
  expires_in:
    description: Seconds a new token lives, 366 days at most.
    type: int
    default: 2592000
  renew_before:
    description: Seconds before its end in which a token is replaced by a new one.
    type: int
    default: 86400
  secret_dest:
    description:
      - File that gets a new token, for its owner alone, where the module runs. Needed with O(state=present),
        so that no token is in an answer, which is logged.
      - A token whose file is missing is replaced by a new one.
    type: path

  state:
    description: Whether it shall be there.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: wakari.aen.token_info
"""

EXAMPLES = r"""
- name: A token for the nightly run, renewed a week before it ends
  wakari.aen.token:
    username: robot
    password: "{{ vault_robot_password }}"
    name: nightly
    renew_before: 604800
    secret_dest: /etc/nightly/token
"""

RETURN = r"""
token:
  description: The token, without its secret.
  returned: when it is there
  type: dict
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
"""

from ansible_collections.wakari.aen.plugins.module_utils._options import token_options
from ansible_collections.wakari.aen.plugins.module_utils._run import new_module, run
from ansible_collections.wakari.aen.plugins.module_utils._token import ensure_token


def main() -> None:
    """Run the module."""
    module = new_module(token_options(), required_if=[("state", "present", ("secret_dest",))])
    run(module, lambda client: ensure_token(client, module.params))


if __name__ == "__main__":
    main()
