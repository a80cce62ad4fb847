# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules that change something promise."""

from __future__ import annotations


class ModuleDocFragment:
    """The attributes of such modules."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Says what it would do, and sends no change to the server.
    support: full
  diff_mode:
    description: Shows what differs before and after.
    support: full
"""
