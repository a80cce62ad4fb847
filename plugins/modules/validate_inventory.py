#!/usr/bin/python
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of an action plugin, which does all the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: validate_inventory
short_description: Check the whole inventory before any host is touched
version_added: 0.1.0
description:
  - Checks, on the controller and without a connection to any host, whether the inventory describes a platform that the
    roles of this collection can install.
  - Looks at all hosts of the inventory, whatever the run is limited to.
  - "Hosts: exactly one server; at least one gateway; one data center with a name of its own for each gateway; exactly
    one gateway, which exists, for each compute node, also where several groups say something about it; names that the
    platform accepts; no address twice."
  - "Variables: no C(aen_*) variable that no role knows, or that the playbooks set themselves; types and choices as the
    roles' argument specifications say; nothing required missing; templates that can be evaluated."
  - "Needs of a choice: the connection string, repository, installer and hash that a provider or method asks for;
    nothing of development in production; one service account, not root; addresses that fit C(aen_tls)."
  - "Accounts and mail: what the directory, the provider or the mail server needs is there, and nothing is said twice;
    PAM's people are not given OS accounts where they have them."
  - All problems are reported together. Each is one sentence that says what to change, and where.
author: The Wakari AEN maintainers (@wakari)
options:
  controller_files:
    description: >-
      Whether the files that the roles read on this controller, such as the wheelhouse, must be there, and the site's
      certificates be good for their hosts.
    type: bool
    default: false
notes:
  - Reads the sources of the inventory a second time, since Ansible forgets what it merged.
    An inventory script runs twice.
attributes:
  check_mode:
    description: Changes nothing in any mode.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
    support: none
"""

EXAMPLES = r"""
- name: Check the inventory
  hosts: localhost:all
  gather_facts: false
  any_errors_fatal: true
  tasks:
    - name: Check the whole inventory
      wakari.aen.validate_inventory:
      delegate_to: localhost
      run_once: true
"""

RETURN = r"""
msg:
  description: That the inventory is good, or what must change, a sentence in a line each.
  returned: always
  type: str
"""
