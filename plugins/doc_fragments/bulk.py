# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules that bring many things in line promise."""

from __future__ import annotations


class ModuleDocFragment:
    """The option and notes of such modules."""

    DOCUMENTATION = r"""
options:
  purge:
    description: Whether those that are not named are removed.
    type: bool
    default: false
notes:
  - Reads the list in pages of 200 over one connection and writes only what differs.
  - One that cannot be brought in line does not stop the others. The module fails at the end and names each in
    C(failures); what was done stays, and is told too.
"""
